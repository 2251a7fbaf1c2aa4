/**
 * Characters that terminals and viewers obey or hide: DEL and C1 controls, format characters (some change the direction of text), line and
 * paragraph separators.
 */
const invisible = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

/** Escapes such characters in JSON: programs read the same, and a terminal does nothing. */
export function escapeInvisible (json: string): string {
  // Nearly every line is plain ASCII. This check takes a tenth of the search below.
  if (Buffer.byteLength(json) === json.length && !json.includes('\x7f')) return json
  return json.replace(invisible, character => character.split('').map(unit => `\\u${hex(unit, 4)}`).join(''))
}

/** The first `max` characters of a header or path. What is not printable ASCII becomes `%` and its code in hexadecimal. */
export function printable (text: string, max: number): string {
  return text.slice(0, max).replace(/[^\x20-\x7e]/g, character => `%${hex(character, 2).toUpperCase()}`)
}

function hex (unit: string, digits: number): string {
  return unit.charCodeAt(0).toString(16).padStart(digits, '0')
}
