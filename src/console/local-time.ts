/** A date and time in the reader's own language and time zone, which it names. */
export function localTime (date: Date): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }).format(date)
}
