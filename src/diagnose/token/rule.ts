import type { Json } from './json.js'
import type { Token } from './read-token.js'
import type { Signature } from './signature.js'

/** What the operator's settings say, as far as they are known. */
export interface Configured {
  accountSid?: string | undefined
  keySid?: string | undefined
  region?: string | undefined
}

/** A token, and the world that it is looked at in. */
export interface Case {
  token: Token
  header: Json
  claims: Json
  /** `{}` where there are none. */
  grants: Json
  signature: Signature
  configured: Configured
  /** Seconds since 1970. */
  now: number
}

/** One thing that can be wrong with a token. */
export interface Rule {
  /** The code by which Twilio would refuse it. */
  code: number
  /** Twilio may take such a token; it is still not what was meant. */
  advice?: true
  /** Twilio may take such a token, and then reads something else than was meant. It is a fault all the same. */
  misread?: true
  when (found: Case): boolean
  says: string | ((found: Case) => string)
}

/** Of a group the first rule that is broken speaks: the others would say the same in other words. */
export type Group = Rule[]

export const isSid = (value: unknown, prefix: string): boolean =>
  typeof value === 'string' && new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(value)

export const startsWith = (value: unknown, prefix: string): boolean => typeof value === 'string' && value.startsWith(prefix)

/** A claim that somebody wrote in the place of another, for the end of a sentence. */
export const notRead = (claims: Json, names: string[]): string => {
  const found = names.find(name => claims[name] !== undefined)
  return found === undefined ? '' : `. Twilio does not read ${found}`
}
