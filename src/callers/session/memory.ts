import type { CounterSource } from '../../limits/counters.js'
import { EndedSessions } from './ended.js'
import { ProofKeys } from './proof-keys.js'
import { UsedProofs } from './replay.js'

/** What a process remembers of sessions. A reload leaves it as it is. */
export interface SessionMemory {
  ended: EndedSessions
  usedProofs: UsedProofs
  proofKeys: ProofKeys
}

export function createSessionMemory ({ marks }: Pick<CounterSource, 'marks'>): SessionMemory {
  return { ended: new EndedSessions(marks), usedProofs: new UsedProofs(marks), proofKeys: new ProofKeys() }
}
