/** Seconds since 1970 up to the year 5138. A larger number counts a smaller unit. */
const MAX_SECONDS = 1e11

/** Recognises a time in a token that is not in seconds: 1.8e12 milliseconds is the same time as 1.8e9 seconds. */
export function unitOf (value: unknown): 'milliseconds' | 'microseconds' | 'nanoseconds' | undefined {
  if (typeof value !== 'number' || value <= MAX_SECONDS) return undefined
  return value <= MAX_SECONDS * 1e3 ? 'milliseconds' : value <= MAX_SECONDS * 1e6 ? 'microseconds' : 'nanoseconds'
}
