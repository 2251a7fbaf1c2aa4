/** A larger count of seconds since 1970 would be in the year 5138: it counts something smaller. */
const mostSeconds = 1e11

/** What a time in a token counts, if not seconds: 1.8e12 milliseconds is the same time as 1.8e9 seconds. */
export function unitOf (value: unknown): 'milliseconds' | 'microseconds' | 'nanoseconds' | undefined {
  if (typeof value !== 'number' || value <= mostSeconds) return undefined
  return value <= mostSeconds * 1e3 ? 'milliseconds' : value <= mostSeconds * 1e6 ? 'microseconds' : 'nanoseconds'
}
