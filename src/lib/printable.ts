/**
 * Characters that terminals and viewers interpret or hide: DEL and C1 controls, format characters (some change the direction of text), line
 * and paragraph separators.
 */
const INVISIBLE = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

/** Escapes the invisible characters in JSON text: parsers read the same value, and terminals no longer interpret them. */
export function escapeInvisible (json: string): string {
  // Nearly every line is plain ASCII. This check takes a tenth of the search below.
  if (Buffer.byteLength(json) === json.length && !json.includes('\x7f')) return json
  return json.replace(INVISIBLE, character => character.split('').map(unit => `\\u${hex(unit, 4)}`).join(''))
}

/** Cuts a header or path to `max` characters, and replaces each that is not printable ASCII by `%` and its code in hexadecimal. */
export function printable (text: string, max: number): string {
  return text.slice(0, max).replace(/[^\x20-\x7e]/g, character => `%${hex(character, 2).toUpperCase()}`)
}

function hex (unit: string, digits: number): string {
  return unit.charCodeAt(0).toString(16).padStart(digits, '0')
}
