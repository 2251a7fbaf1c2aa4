import { warning, type Diagnostic } from '../lib/diagnostic.js'
import type { Settings } from '../settings/schema.js'

const names = ['TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET'] as const

/**
 * Keeps the API key in use while only its SID or only its secret has changed: Twilio gives a SID one secret, so the other half is still being
 * written, and a token signed by the two would be refused (20107).
 * @returns the settings to use, and a warning where the old key is kept
 */
export function keepWholeKey (current: Settings, next: Settings): { settings: Settings, kept?: Diagnostic } {
  const [changed, second] = names.filter(name => next[name] !== current[name])
  if (changed === undefined || second !== undefined) return { settings: next }
  const { TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET } = current
  const other = names.find(name => name !== changed)
  return {
    settings: { ...next, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET },
    kept: warning(changed, 'conflict', `${changed} has changed and ${other} has not, so the old API key goes on signing: a SID has one secret. Change the other too, or send SIGHUP to take the one alone`)
  }
}
