import type { CounterSource } from '../../limits/counters.js'
import { EndedSessions } from './ended.js'
import { ProofKeys } from './proof-keys.js'
import { UsedProofs } from './replay.js'

/** What the process remembers about sessions. It survives a reload. */
export interface SessionMemory {
  ended: EndedSessions
  usedProofs: UsedProofs
  proofKeys: ProofKeys
}

export function createSessionMemory ({ marks }: Pick<CounterSource, 'marks'>): SessionMemory {
  return { ended: new EndedSessions(marks), usedProofs: new UsedProofs(marks), proofKeys: new ProofKeys() }
}
