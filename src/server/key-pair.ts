import { warning, type Diagnostic } from '../lib/diagnostic.js'
import type { Settings } from '../settings/schema.js'

const names = ['TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET'] as const

/** SID or secret of the API key, by the name of its setting. */
type KeyHalf = typeof names[number]

/** Decides at each reload whether to use an API key of which only one half has changed. */
export class KeyPairChanges {
  #acceptsHalf = false
  #awaited: KeyHalf | undefined

  /** Allows the next settings that are used to change one half alone, as SIGHUP does. */
  acceptHalf (): void {
    this.#acceptsHalf = true
  }

  /**
   * Begins a reload.
   * @param current the settings in use
   */
  begin (current: Settings) {
    const acceptsHalf = this.#acceptsHalf
    this.#acceptsHalf = false
    return {
      /** Returns the settings to use, and a warning where the old key is kept. */
      choose: (next: Settings): ChosenSettings => acceptsHalf ? { settings: next } : keepWholeKey(current, next, this.#awaited),

      /**
       * @param used the settings in use after the reload; if they are the old ones, what SIGHUP allowed is still allowed at the next reload
       */
      end: (used: Settings): void => {
        if (used === current) this.#acceptsHalf ||= acceptsHalf
        else this.#awaited = awaitedHalf(current, used, this.#awaited)
      }
    }
  }
}

interface ChosenSettings {
  settings: Settings
  kept?: Diagnostic
}

/**
 * Keeps the API key in use while only its SID or only its secret has changed: Twilio gives a SID one secret, so the other half is still
 * being written, and a token signed by the two would be refused (20107).
 * @param awaited the half that may change alone, because SIGHUP accepted a change of only the other half
 */
function keepWholeKey (current: Settings, next: Settings, awaited: KeyHalf | undefined): ChosenSettings {
  const [changed, second] = changedHalves(current, next)
  if (changed === undefined || second !== undefined || changed === awaited) return { settings: next }
  const { TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET } = current
  const other = names.find(name => name !== changed)
  return {
    settings: { ...next, TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET },
    kept: warning(changed, 'conflict', `${changed} has changed and ${other} has not, so the old API key goes on signing: a SID has one secret. Change the other too, or send SIGHUP to take the one alone`)
  }
}

/** The half that may change alone from now on: the unchanged half, if only the other was accepted. */
function awaitedHalf (before: Settings, after: Settings, awaited: KeyHalf | undefined): KeyHalf | undefined {
  const [changed, second] = changedHalves(before, after)
  if (changed === undefined) return awaited
  return second !== undefined || changed === awaited ? undefined : names.find(name => name !== changed)
}

function changedHalves (before: Settings, after: Settings): KeyHalf[] {
  return names.filter(name => after[name] !== before[name])
}
