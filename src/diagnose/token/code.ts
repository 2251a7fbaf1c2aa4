/** What is known of one of Twilio's error codes, in our own words. */
export interface ErrorCode {
  title: string
  /** What brings it about, the commonest first. */
  causes: string[]
  /** How to tell which cause it is. */
  look: string
  fix: string
  /** The code by which Voice tells the same. */
  voice?: number
  /** The code that Voice's browser SDK shows in its place; 53000 only unless it is made with `enableImprovedSignalingErrorPrecision: true`. */
  shown?: number
}

export type Codes = Readonly<Record<number, ErrorCode>>

/** Sentences that many codes share. */
export const inspect = 'Give the token to inspect: it tries every rule and the configured key.'
export const online = 'check --online asks Twilio whether key, secret, account and region belong together.'
export const fresh = 'Ask for a fresh token; pages should do so before the old one ends.'
