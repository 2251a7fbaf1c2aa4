/** The explanation of one of Twilio's error codes. */
export interface ErrorCode {
  title: string
  /** Causes, the most frequent first. */
  causes: string[]
  /** How to find out which cause it is. */
  look: string
  fix: string
  /** The code of Voice for the same error. */
  voice?: number
  /** The code that Voice's browser SDK shows instead. It shows 53000 only without `enableImprovedSignalingErrorPrecision: true`. */
  shown?: number
}

export type Codes = Readonly<Record<number, ErrorCode>>

/** Sentences that many codes share. */
export const inspect = 'Give the token to npx twilio-token-broker inspect: it tries every rule, and the configured key.'
export const online = 'Run npx twilio-token-broker check --online: it asks Twilio whether key, secret, account and region belong together.'
export const fresh = 'Ask for a fresh token; pages should do so before the old one ends.'
