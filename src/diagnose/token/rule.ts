import type { Json } from './json.js'
import type { Token } from './read-token.js'
import type { Signature } from './signature.js'

/** The operator's settings, as far as they are known. */
export interface Configured {
  accountSid?: string | undefined
  keySid?: string | undefined
  region?: string | undefined
}

/** What a rule can check: the token and its context. */
export interface TokenFacts {
  token: Token
  header: Json
  claims: Json
  /** `{}` without any. */
  grants: Json
  signature: Signature
  configured: Configured
  /** Seconds since 1970. */
  now: number
}

/** A mistake that a token can have. */
export interface Rule {
  /** The code with which Twilio would refuse the token. */
  code: number
  /** Only advice: Twilio may accept such a token. */
  advice?: true
  /** A fault although Twilio may accept the token, because it then reads something else than was meant. */
  misread?: true
  when (found: TokenFacts): boolean
  says: string | ((found: TokenFacts) => string)
  /** What to change. Without one, what helps against the code in general. */
  fix?: string | ((found: TokenFacts) => string)
}

/** Only the first broken rule of a group is reported: the others would say the same in other words. */
export type Group = Rule[]

export const isSid = (value: unknown, prefix: string): boolean =>
  typeof value === 'string' && new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(value)

export const startsWith = (value: unknown, prefix: string): boolean => typeof value === 'string' && value.startsWith(prefix)

/** What makers of tokens write for the time of now. */
export const SECONDS = 'seconds since 1970: Math.floor(Date.now() / 1000) in JavaScript, int(time.time()) in Python'

/** Names a claim that was written instead of the right one; the end of a sentence. */
export const notRead = (claims: Json, names: string[]): string => {
  const found = names.find(name => claims[name] !== undefined)
  return found === undefined ? '' : `. Twilio does not read ${found}`
}
