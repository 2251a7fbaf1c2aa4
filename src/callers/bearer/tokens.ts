import { hash } from 'node:crypto'
import { errors, jwtVerify, type JWTVerifyOptions } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../../caller.js'
import { Problem, problem } from '../../problems.js'
import type { BearerRules } from '../../settings/jwt.js'
import { callerIn, CLOCK_TOLERANCE_SECONDS, nameIn, type Claims } from './claims.js'
import { headerOf, requireType } from './header.js'
import type { KeySet } from './key-set.js'
import type { ProviderKeys } from './keys.js'
import { misdirected, Refused, wrong } from './refused.js'

/** How long a valid token is not verified again. */
const CACHE_MS = 60_000

/** Bounds the cache by the total length of its tokens: what is cached of a token is about as long as the token. */
const MAX_CACHED_CHARACTERS = 16 * 1024 * 1024

interface CachedToken {
  readonly caller: Caller
  /** The keys that it was verified with. */
  readonly keys: KeySet | undefined
  /** When it was verified: milliseconds of the monotonic clock. */
  readonly at: number
  /** Seconds since 1970. */
  readonly exp: number
}

/** What the audit says about a refused token. */
export interface BearerRefusal {
  readonly reason: string
  /** The caller's name, only where the signature was right. */
  readonly caller: string | undefined
}

export interface BearerTokensOptions {
  rules: BearerRules
  keys: Pick<ProviderKeys, 'current' | 'find'>
}

/** Verifies tokens of the application's identity provider: JWT (RFC 7519), by the rules of RFC 8725. */
export class BearerTokens {
  readonly #rules: BearerRules
  readonly #keys: BearerTokensOptions['keys']
  readonly #options: JWTVerifyOptions
  readonly #cache = new LRUCache<string, CachedToken>({ maxSize: MAX_CACHED_CHARACTERS })

  constructor ({ rules, keys }: BearerTokensOptions) {
    this.#rules = rules
    this.#keys = keys
    this.#options = {
      // RFC 9864: these are two names of one algorithm.
      algorithms: rules.algorithms.flatMap(name => name === 'Ed25519' ? [name, 'EdDSA'] : [name]),
      issuer: rules.issuer,
      audience: [...rules.audience],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['exp']
    }
  }

  /**
   * Returns the caller of a valid token.
   * @param onRefused called before a refused token makes this throw
   * @throws Problem `bearer-wrong`, `bearer-expired`, `bearer-misdirected`, `not-allowed`, `identity-unsuitable` or `keys-unavailable`
   */
  authenticate (token: string, onRefused: (refusal: BearerRefusal) => void): Caller | Promise<Caller> {
    const name = nameOf(token)
    return this.#cached(name) ?? this.#check(token, name, onRefused)
  }

  /** Returns the caller of a token that was found valid a short time ago; undefined for any other. */
  cachedCaller (token: string): Caller | undefined {
    return this.#cached(nameOf(token))
  }

  #cached (name: string): Caller | undefined {
    const known = this.#cache.get(name)
    return known !== undefined && this.#isCurrent(known) ? known.caller : undefined
  }

  #isCurrent ({ keys, at, exp }: CachedToken): boolean {
    return keys !== undefined && keys === this.#keys.current && performance.now() - at < CACHE_MS && Date.now() / 1000 < exp
  }

  async #check (token: string, name: string, onRefused: (refusal: BearerRefusal) => void): Promise<Caller> {
    let claims: Claims | undefined
    try {
      const header = headerOf(token, this.#rules)
      const keys = this.#keys.current
      claims = (await jwtVerify(token, header => this.#keys.find(header), this.#options)).payload
      requireType(header, this.#rules)
      const caller = callerIn(claims, this.#rules, Date.now() / 1000)
      this.#cache.set(name, { caller, keys, at: performance.now(), exp: claims.exp as number }, { size: token.length })
      return caller
    } catch (error) {
      if (error instanceof Problem) throw error
      claims ??= claimsOf(error)
      const { code, reason, detail } = refusalOf(error)
      onRefused({ reason, caller: claims && nameIn(claims, this.#rules) })
      throw problem(code, detail === undefined ? {} : { detail })
    }
  }
}

/** The key of a token in the cache. */
function nameOf (token: string): string {
  return hash('sha256', token, 'base64url')
}

/** Returns the payload if jose refused the token for a claim: then its signature was right. */
function claimsOf (error: unknown): Claims | undefined {
  return error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed ? error.payload : undefined
}

/** If jose names no claim, the token is wrong as a whole. */
function refusalOf (error: unknown): Refused {
  if (error instanceof Refused) return error
  // JSON can write -Infinity as -1e999, which is not a time.
  if (error instanceof errors.JWTExpired) return Number.isFinite(error.payload.exp) ? new Refused('bearer-expired', 'exp') : misdirected('exp')
  if (error instanceof errors.JWTClaimValidationFailed) return misdirected(error.claim)
  return wrong(reasons.find(([kind]) => error instanceof kind)![1])
}

const reasons = [
  [errors.JWSSignatureVerificationFailed, 'signature'],
  [errors.JWKSNoMatchingKey, 'unknown key'],
  [errors.JWKSMultipleMatchingKeys, 'several keys'],
  [errors.JWTInvalid, 'payload'],
  // Any other error means that the signature was not verified.
  [Error, 'form']
] as const
