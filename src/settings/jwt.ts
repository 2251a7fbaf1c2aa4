import { list } from './list.js'
import type { Settings } from './schema.js'

/** The algorithms that a token may be signed by. None of them has a secret that this broker would have to share with the provider. */
export const jwtAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519'] as const

/** A value of JWT_REQUIRE, as JSON has it. */
export type RequiredValue = string | number | boolean

/** How bearer tokens have to be, and what is read of them. */
export interface BearerRules {
  /** The claim `iss`, byte for byte. */
  readonly issuer: string
  /** One of them has to be in `aud`. */
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  /** The claim that is the caller's name. */
  readonly nameClaim: string
  /** The claim that is the caller's identity, and what stands before it. */
  readonly identity: { readonly prefix: string, readonly claim: string }
  /** Where the list of groups is: the names of the claim and of the properties below it. Undefined: nobody is in a group. */
  readonly groups: readonly string[] | undefined
  /** Claims that have to be there with that very value. */
  readonly required: ReadonlyMap<string, RequiredValue>
  /** `JWT` also means a token that says no type. */
  readonly type: 'JWT' | 'at+jwt'
  /** Seconds from `iat` to `exp` at most. */
  readonly maxAge: number
}

/**
 * The rules that valid settings mean.
 * @returns undefined where there are no bearer tokens
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
    maxAge: settings.JWT_MAX_AGE ?? 86_400
  }
}

/** A claim's name, or a template with one claim behind a fixed prefix. Undefined for anything else. */
export function identityIn (text: string): BearerRules['identity'] | undefined {
  const [, prefix, claim] = /^([^{}]+)\{([^{}]+)\}$/.exec(text) ?? []
  if (prefix !== undefined) return { prefix, claim: claim! }
  return /[{}]/.test(text) ? undefined : { prefix: '', claim: text }
}

/** A literal name, or a JSON Pointer (RFC 6901) where it begins with `/`. Undefined for a pointer that is none. */
export function pathIn (text: string): string[] | undefined {
  if (!text.startsWith('/')) return [text]
  if (/~(?![01])/.test(text)) return undefined
  return text.slice(1).split('/').map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** RFC 8259 §6 */
const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** One `claim=value`. Undefined where it is none. */
export function requirementIn (entry: string): [claim: string, value: RequiredValue] | undefined {
  const [, claim, text] = /^([^=]+?)\s*=\s*(.+)$/.exec(entry) ?? []
  if (claim === undefined || text === undefined) return undefined
  if (text === 'true' || text === 'false') return [claim, text === 'true']
  if (jsonNumber.test(text)) return isExact(Number(text)) ? [claim, Number(text)] : undefined
  if (!text.startsWith('"')) return [claim, text]
  const quoted = /^"([^"\\]*)"$/.exec(text)
  return quoted === null ? undefined : [claim, quoted[1]!]
}

/** Whether a number is the one that was written. Beyond 2^53, neighbours would be taken for each other. */
function isExact (value: number): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
}
