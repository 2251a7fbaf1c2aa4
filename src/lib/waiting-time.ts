/** Formats a time to wait: in seconds up to a minute, otherwise in minutes, rounded up. */
export function waitingTime (seconds: number): string {
  if (seconds === 1) return '1 second'
  return seconds <= 60 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
}
