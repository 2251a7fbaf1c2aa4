import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import type { Settings } from './schema.js'
import type { Names } from './sources.js'

/**
 * Checks settings; a message says what is wrong and what to do. It never repeats a value, which may be a secret in the wrong place.
 * @param unread settings that may be set in a part of the sources that cannot be read
 */
export type Rule = (settings: Partial<Settings>, unread: Names) => Diagnostic[]

/** @param says follows the setting's name in the message, or a colon and an entry: `must be …`, `: entry 2 must be …` */
export function invalid (setting: keyof Settings, says: string): Diagnostic {
  return mistake(setting, 'invalid', messageOf(setting, says))
}

/** A setting that contradicts another one; see `invalid`. */
export function conflict (setting: keyof Settings, says: string): Diagnostic {
  return mistake(setting, 'conflict', messageOf(setting, says))
}

function messageOf (setting: string, says: string): string {
  return says.startsWith(':') ? `${setting}${says}` : `${setting} ${says}`
}
