import { hash } from 'node:crypto'
import { errors, jwtVerify, type JWTVerifyOptions } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Caller } from '../../caller.js'
import { Problem, problem } from '../../problems.js'
import type { BearerRules } from '../../settings/jwt.js'
import { callerIn, CLOCKS_DIFFER, nameIn, type Claims } from './claims.js'
import { headerOf, requireType } from './header.js'
import type { KeySet } from './key-set.js'
import type { ProviderKeys } from './keys.js'
import { misdirected, Refused, wrong } from './refused.js'

/** Milliseconds for which a right token is not checked again. */
const REMEMBERED_MS = 60_000

/** Characters of the tokens that are remembered together: what is kept of each is about as long. */
const MAX_REMEMBERED = 16 * 1024 * 1024

interface Remembered {
  readonly caller: Caller
  /** The keys that it was checked by. */
  readonly keys: KeySet | undefined
  /** Milliseconds of a monotonic clock. */
  readonly at: number
  /** Seconds since 1970. */
  readonly exp: number
}

/** What the audit says of a token that is refused. */
export interface BearerRefusal {
  readonly reason: string
  /** The caller's name, only where the signature was right. */
  readonly caller: string | undefined
}

export interface BearerTokensOptions {
  rules: BearerRules
  keys: Pick<ProviderKeys, 'current' | 'find'>
}

/** Checks tokens of the application's own identity provider: JWT (RFC 7519), by RFC 8725. */
export class BearerTokens {
  readonly #rules: BearerRules
  readonly #keys: BearerTokensOptions['keys']
  readonly #options: JWTVerifyOptions
  readonly #remembered = new LRUCache<string, Remembered>({ maxSize: MAX_REMEMBERED })

  constructor ({ rules, keys }: BearerTokensOptions) {
    this.#rules = rules
    this.#keys = keys
    this.#options = {
      // RFC 9864: two names of one algorithm.
      algorithms: rules.algorithms.flatMap(name => name === 'Ed25519' ? [name, 'EdDSA'] : [name]),
      issuer: rules.issuer,
      audience: [...rules.audience],
      clockTolerance: CLOCKS_DIFFER,
      requiredClaims: ['exp']
    }
  }

  /**
   * Whose token it is.
   * @param onRefused called before it throws
   * @throws Problem `bearer-wrong`, `bearer-expired`, `bearer-misdirected`, `not-allowed`, `identity-unsuitable` or `keys-unavailable`
   */
  authenticate (token: string, onRefused: (refusal: BearerRefusal) => void): Caller | Promise<Caller> {
    const name = hash('sha256', token, 'base64url')
    const known = this.#remembered.get(name)
    if (known !== undefined && this.#isCurrent(known)) return known.caller
    return this.#check(token, name, onRefused)
  }

  #isCurrent ({ keys, at, exp }: Remembered): boolean {
    return keys !== undefined && keys === this.#keys.current && performance.now() - at < REMEMBERED_MS && Date.now() / 1000 < exp
  }

  async #check (token: string, name: string, onRefused: (refusal: BearerRefusal) => void): Promise<Caller> {
    let claims: Claims | undefined
    try {
      const header = headerOf(token, this.#rules)
      const keys = this.#keys.current
      claims = (await jwtVerify(token, header => this.#keys.find(header), this.#options)).payload
      requireType(header, this.#rules)
      const caller = callerIn(claims, this.#rules, Date.now() / 1000)
      this.#remembered.set(name, { caller, keys, at: performance.now(), exp: claims.exp as number }, { size: token.length })
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

/** The payload of a token that jose refuses for a claim: its signature was right. */
function claimsOf (error: unknown): Claims | undefined {
  return error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed ? error.payload : undefined
}

/** Where jose does not say which claim is at fault, it is the token as a whole. */
function refusalOf (error: unknown): Refused {
  if (error instanceof Refused) return error
  // Infinity, as JSON writes it (-1e999), is no time.
  if (error instanceof errors.JWTExpired) return Number.isFinite(error.payload.exp) ? new Refused('bearer-expired', 'exp') : misdirected('exp')
  if (error instanceof errors.JWTClaimValidationFailed) return misdirected(error.claim)
  return wrong(reasons.find(([kind]) => error instanceof kind)![1])
}

const reasons = [
  [errors.JWSSignatureVerificationFailed, 'signature'],
  [errors.JWKSNoMatchingKey, 'unknown key'],
  [errors.JWKSMultipleMatchingKeys, 'several keys'],
  [errors.JWTInvalid, 'payload'],
  // Whatever else keeps a signature from being checked: nobody gets in by it.
  [Error, 'form']
] as const
