import { exitCodes } from '../io.js'
import { Skipped, type Check, type Need, type Target } from './check.js'
import { checks } from './checks.js'
import { Limited, Unavailable, Unreachable } from './request.js'

export type Outcome = 'ok' | 'failed' | 'skipped' | 'unavailable'

export interface Result {
  check: string
  says: string
  outcome: Outcome
  /** Why the outcome is not `ok`. */
  detail?: string | undefined
}

/** Why a check is skipped, by the option that is missing. */
const missing: Record<Need, string> = {
  login: 'no --user or --bearer-stdin, or the address is not encrypted',
  origin: 'no --origin',
  room: 'no --room, or the address is not encrypted'
}

/** Runs the checks one after another. Stops when the broker does not answer. */
export async function probe (target: Target): Promise<Result[]> {
  const results: Result[] = []
  for (const { name: check, says, needs, run } of checks) {
    if (needs !== undefined && target[needs] === undefined) {
      results.push({ check, says, outcome: 'skipped', detail: missing[needs] })
      continue
    }
    const { outcome, detail, isOver = false } = await outcomeOf(run, target)
    results.push({ check, says, outcome, detail })
    if (isOver) break
  }
  return results
}

async function outcomeOf (run: Check['run'], target: Target): Promise<{ outcome: Outcome, detail?: string, isOver?: boolean }> {
  try {
    const detail = await run(target)
    return detail === undefined ? { outcome: 'ok' } : { outcome: 'failed', detail }
  } catch (error) {
    const { message: detail } = error as Error
    if (error instanceof Limited || error instanceof Skipped) return { outcome: 'skipped', detail }
    if (error instanceof Unavailable) return { outcome: 'unavailable', detail }
    if (error instanceof Unreachable) return { outcome: 'unavailable', detail, isOver: true }
    throw error
  }
}

export function exitCodeOf (results: readonly Result[]): number {
  if (results.some(({ outcome }) => outcome === 'failed')) return exitCodes.no
  return results.some(({ outcome }) => outcome === 'unavailable') ? exitCodes.unavailable : exitCodes.ok
}
