import { keySetOf, type JWK } from '../../callers/bearer/key-set.js'
import { KeysError } from '../../callers/bearer/keys-error.js'
import { keySourceOf, readDiscovery } from '../../callers/bearer/sources.js'
import type { BearerRules } from '../../settings/jwt.js'
import type { Outcome } from './checks.js'

/** Milliseconds for each document. */
const TIME = 5000

type Rules = Pick<BearerRules, 'issuer' | 'algorithms'>

/**
 * Reads what the identity provider publishes, and says in words what is wrong with it.
 * @param keys the setting JWT_KEYS
 * @param cwd absolute path, which that of a file starts from
 */
export async function checkProvider ({ issuer, algorithms }: Rules, keys: string | undefined, cwd: string): Promise<Outcome[]> {
  const document = keys === undefined ? [await checkDocument({ issuer, algorithms })] : []
  if (document.some(({ answer }) => answer !== 'yes')) return document
  return [...document, await checkKeys(keys === undefined ? 'JWT_ISSUER' : 'JWT_KEYS', algorithms, () => keySourceOf(issuer, keys, cwd).read(AbortSignal.timeout(TIME)))]
}

function checkDocument ({ issuer, algorithms }: Rules): Promise<Outcome> {
  return outcomeOf('JWT_ISSUER', async () => {
    const { algorithms: offered } = await readDiscovery(issuer, AbortSignal.timeout(TIME))
    if (!Array.isArray(offered) || offered.some(name => algorithms.includes(String(name)))) return 'its discovery document names it, and where its keys are'
    // Only what can be an algorithm's name: this goes to a terminal.
    const names = offered.filter(name => /^[\w-]{1,20}$/.test(String(name)))
    throw new KeysError(`the provider signs ID tokens by ${names.join(', ')}, and JWT_ALGORITHMS takes ${algorithms.join(', ')}`)
  })
}

function checkKeys (about: string, algorithms: readonly string[], read: () => Promise<unknown>): Promise<Outcome> {
  return outcomeOf(about, async () => {
    const { keys } = keySetOf(await read())
    const fitting = keys.filter(key => algorithms.some(name => fits(key, name)))
    if (fitting.length === 0) throw new KeysError(`none of its ${keys.length} keys is for ${algorithms.join(' or ')}; set JWT_ALGORITHMS`)
    return `${fitting.length} of its keys can sign tokens for this broker`
  })
}

async function outcomeOf (about: string, ask: () => Promise<string>): Promise<Outcome> {
  try {
    return { about, answer: 'yes', says: await ask() }
  } catch (error) {
    const { kind, message } = KeysError.of(error)
    return { about, answer: kind === 'unreachable' ? 'unknown' : 'no', says: message }
  }
}

/** The type of key, and for some its curve, that each algorithm takes. */
const types: Record<string, { kty: string, crv?: string }> = {
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' }
}

function fits ({ kty, crv, alg = '' }: JWK, algorithm: string): boolean {
  const { kty: type, crv: curve } = types[algorithm]!
  return kty === type && crv === curve && ['', algorithm].includes(alg)
}
