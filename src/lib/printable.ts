/** Characters that terminals and viewers obey or hide: DEL and C1 controls, format characters (also those that turn the text's direction), line and paragraph separators. */
const invisible = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

/** JSON in which such characters stand as escapes, so that it reads the same to programs and does nothing to a terminal. */
export function escapeInvisible (json: string): string {
  // Nearly every line is plain ASCII, and to find that out costs a tenth of the search.
  if (Buffer.byteLength(json) === json.length && !json.includes('\x7f')) return json
  return json.replace(invisible, character => character.split('').map(unit => `\\u${hex(unit, 4)}`).join(''))
}

/** At most `max` characters of a header or path, with `%` and a number in the place of what is not printable ASCII. */
export function printable (text: string, max: number): string {
  return text.slice(0, max).replace(/[^\x20-\x7e]/g, character => `%${hex(character, 2).toUpperCase()}`)
}

function hex (unit: string, digits: number): string {
  return unit.charCodeAt(0).toString(16).padStart(digits, '0')
}
