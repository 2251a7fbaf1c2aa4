import { bearerAge } from '../../lib/bearer-limits.js'
import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'
import type { Token } from './read-token.js'

/** What the settings of bearer tokens would have to be for a token of an identity provider. */
export interface ProviderToken {
  /** The settings, by name, that a broker needs besides its defaults to take the token. */
  settings: Record<string, string>
  /** Why no settings would make this broker take it; empty where some do. */
  obstacles: string[]
}

/** Algorithms that can be set, by the names that headers have for them. */
const algorithms: Record<string, string> = { RS256: 'RS256', PS256: 'PS256', ES256: 'ES256', ES384: 'ES384', EdDSA: 'Ed25519', Ed25519: 'Ed25519' }

/** Where providers list groups, as JWT_GROUPS names it. */
const groupClaims: Array<[setting: string, find: (claims: Json) => unknown]> = [
  ['groups', ({ groups }) => groups],
  ['cognito:groups', claims => claims['cognito:groups']],
  ['/realm_access/roles', ({ realm_access: realm }) => isRecord(realm) ? realm.roles : undefined],
  ['roles', ({ roles }) => roles]
]

/**
 * Says with which settings this broker would take a token in the place of a password. Nothing is verified.
 * @param now seconds since 1970
 * @returns undefined for what is no token of an identity provider
 */
export function providerToken ({ header, claims }: Token, now: number): ProviderToken | undefined {
  if (header === undefined || claims === undefined || claims.grants !== undefined || !/^https?:\/\//.test(textOf(claims.iss))) return undefined
  const { iss, aud, exp, iat } = claims
  const audience = [aud].flat().filter(entry => typeof entry === 'string' && entry !== '')
  const algorithm = algorithms[textOf(header.alg)]
  const age = typeof exp === 'number' && typeof iat === 'number' ? exp - iat : 0
  const groups = groupClaims.find(([, find]) => Array.isArray(find(claims)))?.[0]
  return {
    settings: {
      JWT_ISSUER: shown(iss),
      ...(audience.length > 0 && { JWT_AUDIENCE: audience.map(shown).join(',') }),
      ...(algorithm !== undefined && !['RS256', 'ES256'].includes(algorithm) && { JWT_ALGORITHMS: algorithm }),
      ...(isAccessToken(header) && { JWT_TYPE: 'at+jwt' }),
      ...(audience.length > 1 && typeof claims.azp === 'string' && { JWT_REQUIRE: `azp=${shown(claims.azp)}` }),
      ...(groups !== undefined && { JWT_GROUPS: groups }),
      ...(age > bearerAge.default && age <= bearerAge.max && { JWT_MAX_AGE: String(age) })
    },
    obstacles: obstacles.filter(({ when }) => when(claims, header, now)).map(({ says }) => says)
  }
}

const obstacles: Array<{ when: (claims: Json, header: Json, now: number) => boolean, says: string }> = [
  { when: (_claims, { alg }) => algorithms[textOf(alg)] === undefined, says: 'its alg is not one that a published key can be for: let the provider sign by RS256 or ES256' },
  { when: ({ aud }) => [aud].flat().every(entry => typeof entry !== 'string' || entry === ''), says: 'it has no aud, so it could be meant for anybody: ask the provider for a token with an audience of its own, or send the ID token' },
  { when: ({ iss }) => /^http:\/\/(?!localhost\b|127\.|\[::1\])/.test(textOf(iss)), says: 'its iss is an http: address of another machine: give the provider https:' },
  { when: ({ exp, iat }) => typeof exp !== 'number' || typeof iat !== 'number', says: 'it lacks exp or iat' },
  { when: ({ exp, iat }) => Number(exp) - Number(iat) > bearerAge.max, says: 'it lives for more than a year' },
  { when: ({ exp }, _header, now) => Number(exp) <= now, says: 'it has expired' },
  { when: ({ cnf }) => cnf !== undefined, says: 'it is bound to a key (cnf), and such tokens are worth nothing without a proof' },
  { when: (_claims, { crit }) => crit !== undefined, says: 'its header has crit, and no extension is understood' },
  { when: (_claims, { typ }) => typ !== undefined && !isType(typ, 'jwt') && !isType(typ, 'at+jwt'), says: 'its typ is neither JWT nor at+jwt, so it is for something else' },
  { when: ({ sub }) => typeof sub !== 'string', says: 'it has no sub: set JWT_NAME to the claim that is the caller\'s name' },
  { when: claims => claims._claim_names !== undefined || claims.hasgroups !== undefined, says: 'its groups were left out, as there are too many: let the provider send those alone that this application needs, or leave JWT_GROUPS unset' }
]

function isAccessToken ({ typ }: Json): boolean {
  return isType(typ, 'at+jwt')
}

function isType (typ: unknown, type: string): boolean {
  return textOf(typ).toLowerCase().replace(/^application\//, '') === type
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
