import { bearerAge } from '../lib/bearer-limits.js'
import { list } from './list.js'
import type { Settings } from './schema.js'

/** The algorithms that a token may be signed with. None of them needs a secret that provider and broker share. */
export const jwtAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519'] as const

/** A value in JWT_REQUIRE. */
export type RequiredValue = string | number | boolean

/** The rules for bearer tokens, and which of their claims are used. */
export interface BearerRules {
  /** The claim `iss`, byte for byte. */
  readonly issuer: string
  /** `aud` must contain one of them. */
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  /** The claim that is the caller's name. */
  readonly nameClaim: string
  /** The claim with the caller's identity, and the text before it. */
  readonly identity: { readonly prefix: string, readonly claim: string }
  /** The path of the list of groups: the claim, then properties inside it. Undefined: callers have no groups. */
  readonly groups: readonly string[] | undefined
  /** Claims that must have exactly this value. */
  readonly required: ReadonlyMap<string, RequiredValue>
  /** `JWT` also accepts a token without `typ`. */
  readonly type: 'JWT' | 'at+jwt'
  /** Seconds from `iat` to `exp` at most. */
  readonly maxAge: number
}

/**
 * Derives the rules from valid settings.
 * @returns undefined if JWT_ISSUER is not set
 */
export function bearerRules (settings: Partial<Settings>): BearerRules | undefined {
  const { JWT_ISSUER: issuer, JWT_NAME: nameClaim = 'sub', JWT_IDENTITY: identity = nameClaim } = settings
  if (issuer === undefined) return undefined
  return {
    issuer,
    audience: list(settings.JWT_AUDIENCE),
    algorithms: list(settings.JWT_ALGORITHMS ?? 'RS256,ES256'),
    nameClaim,
    identity: identityIn(identity)!,
    groups: settings.JWT_GROUPS === undefined ? undefined : pathIn(settings.JWT_GROUPS),
    required: new Map(list(settings.JWT_REQUIRE).map(entry => requirementIn(entry)!)),
    type: settings.JWT_TYPE ?? 'JWT',
    maxAge: settings.JWT_MAX_AGE ?? bearerAge.default
  }
}

/** A claim's name, or a template with one claim behind a fixed prefix. Undefined for anything else. */
export function identityIn (text: string): BearerRules['identity'] | undefined {
  const [, prefix, claim] = /^([^{}]+)\{([^{}]+)\}$/.exec(text) ?? []
  if (prefix !== undefined) return { prefix, claim: claim! }
  return /[{}]/.test(text) ? undefined : { prefix: '', claim: text }
}

/** Parses a name, or a JSON Pointer (RFC 6901) if the text begins with `/`. Undefined for an invalid pointer. */
export function pathIn (text: string): string[] | undefined {
  if (!text.startsWith('/')) return [text]
  if (/~(?![01])/.test(text)) return undefined
  return text.slice(1).split('/').map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** RFC 8259 §6 */
const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** Parses one `claim=value`; undefined for anything else. */
export function requirementIn (entry: string): [claim: string, value: RequiredValue] | undefined {
  const [, claim, text] = /^([^=]+?)\s*=\s*(.+)$/.exec(entry) ?? []
  if (claim === undefined || text === undefined) return undefined
  if (text === 'true' || text === 'false') return [claim, text === 'true']
  if (jsonNumber.test(text)) return isExact(Number(text)) ? [claim, Number(text)] : undefined
  if (!text.startsWith('"')) return [claim, text]
  const quoted = /^"([^"\\]*)"$/.exec(text)
  return quoted === null ? undefined : [claim, quoted[1]!]
}

/** Whether a number is represented exactly. Beyond 2^53, different integers become equal. */
function isExact (value: number): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
}
