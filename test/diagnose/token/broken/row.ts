/** What `inspect` is given, and the one thing that it must say of it. */
export interface Broken {
  what: string
  given: string
  /** Twilio's code for it. */
  code: number
  says: RegExp
  /** Twilio may take it; it is still not what was meant. */
  advice?: true
  /** The codes of other things that are wrong, each of which has a row of its own. */
  others?: number[]
  env?: Record<string, string>
}
