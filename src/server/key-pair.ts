import { warning, type Diagnostic } from '../lib/diagnostic.js'
import type { Settings } from '../settings/schema.js'

const names = ['TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET'] as const

/** SID or secret of the API key, by the name of its setting. */
export type KeyHalf = typeof names[number]

/**
 * Keeps the API key in use while only its SID or only its secret has changed: Twilio gives a SID one secret, so the other half is still being
 * written, and a token signed by the two would be refused (20107).
 * @param awaited the half that may change by itself, as SIGHUP took the other one alone
 * @returns the settings to use, and a warning where the old key is kept
 */
export function keepWholeKey (current: Settings, next: Settings, awaited: KeyHalf | undefined): { settings: Settings, kept?: Diagnostic } {
  const [changed, second] = changedHalves(current, next)
  if (changed === undefined || second !== undefined || changed === awaited) return { settings: next }
  const { TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET } = current
  const other = names.find(name => name !== changed)
  return {
    settings: { ...next, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET },
    kept: warning(changed, 'conflict', `${changed} has changed and ${other} has not, so the old API key goes on signing: a SID has one secret. Change the other too, or send SIGHUP to take the one alone`)
  }
}

/** The half that may change by itself from now on: the one that stayed when the other was taken alone. */
export function awaitedHalf (before: Settings, after: Settings, awaited: KeyHalf | undefined): KeyHalf | undefined {
  const [changed, second] = changedHalves(before, after)
  if (changed === undefined) return awaited
  return second !== undefined || changed === awaited ? undefined : names.find(name => name !== changed)
}

function changedHalves (before: Settings, after: Settings): KeyHalf[] {
  return names.filter(name => after[name] !== before[name])
}
