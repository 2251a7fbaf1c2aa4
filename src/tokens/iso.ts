/**
 * Writes a time as ISO 8601 in UTC, remembering the last one: `toISOString` costs a microsecond, and under load many requests share a
 * millisecond, and more of them a second.
 * @returns takes milliseconds since 1970
 */
export function isoWriter (): (time: number) => string {
  let last: number | undefined
  let text = ''
  return time => {
    if (time !== last) {
      text = new Date(time).toISOString()
      last = time
    }
    return text
  }
}
