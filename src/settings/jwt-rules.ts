import { isLoopback } from '../lib/is-loopback.js'
import { identityIn, jwtAlgorithms, pathIn, requirementIn } from './jwt.js'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { list } from './list.js'
import { conflict, invalid, type Rule } from './rule.js'
import type { Settings } from './schema.js'

const COMPANIONS = ['JWT_AUDIENCE', 'JWT_KEYS', 'JWT_ALGORITHMS', 'JWT_NAME', 'JWT_IDENTITY', 'JWT_GROUPS', 'JWT_REQUIRE', 'JWT_TYPE', 'JWT_MAX_AGE'] as const

const ways = 'https:, or http: on this machine'

/** Rules for the settings of bearer tokens that no schema can express. */
export const jwtRules: Rule[] = [
  (settings, unread) => settings.JWT_ISSUER !== undefined || unread.has('JWT_ISSUER')
    ? []
    : COMPANIONS.filter(name => settings[name] !== undefined).map(name => conflict(name, 'goes with JWT_ISSUER only')),

  // OpenID Connect Discovery 1.0 §3: without a query or fragment.
  ({ JWT_ISSUER: issuer }) => issuer === undefined || (isSafeUrl(issuer) && !/[?#]/.test(issuer))
    ? []
    : [invalid('JWT_ISSUER', `must be the identity provider's URL, ${ways}, exactly as its tokens write it in iss`)],

  ({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience }) => issuer !== undefined && audience === undefined
    ? [mistake('JWT_AUDIENCE', 'missing', 'JWT_AUDIENCE is missing: JWT_ISSUER needs the audience of the tokens that are meant for this broker, as they write it in aud')]
    : emptyEntries('JWT_AUDIENCE', audience),

  ({ JWT_KEYS: keys }) => keys === undefined || !isUrl(keys) || isSafeUrl(keys) ? [] : [invalid('JWT_KEYS', `must be a URL, ${ways}, or the path of a file`)],

  ({ JWT_ALGORITHMS: algorithms }) => list(algorithms).flatMap((name, i) => (jwtAlgorithms as readonly string[]).includes(name)
    ? []
    : [invalid('JWT_ALGORITHMS', `: entry ${i + 1} must be one of ${jwtAlgorithms.join(', ')}${/^(HS|none)/i.test(name) ? ': by HS256 and its like this broker could make tokens itself, and none is no signature' : ''}`)]),

  ({ JWT_NAME: name }) => name === undefined || !/[{}]/.test(name) ? [] : [invalid('JWT_NAME', 'must be the name of a claim')],

  ({ JWT_IDENTITY: identity }) => identity === undefined || identityIn(identity) !== undefined
    ? []
    : [invalid('JWT_IDENTITY', 'must be the name of a claim, or one claim in braces behind a fixed text, such as idp_{sub}')],

  ({ JWT_GROUPS: groups }) => groups === undefined || pathIn(groups) !== undefined
    ? []
    : [invalid('JWT_GROUPS', 'must be the name of a claim, or a JSON Pointer such as /realm_access/roles')],

  ({ JWT_REQUIRE: required }) => requirementMistakes(list(required)),

  settings => settings.LOGIN_URL !== undefined || settings.DATABASE_URL !== undefined ? prefixMistakes(settings) : []
]

/**
 * Requires a fixed prefix in JWT_IDENTITY if the store cannot list its callers: only the prefix keeps the identities of the two kinds of
 * callers apart.
 */
export function prefixMistakes ({ JWT_ISSUER: issuer, JWT_IDENTITY: identity = '' }: Partial<Settings>): Diagnostic[] {
  const written = identityIn(identity)
  return issuer === undefined || written === undefined || written.prefix !== ''
    ? []
    : [invalid('JWT_IDENTITY', 'must begin with a fixed text, such as idp_{sub}: it keeps the identities of the provider\'s callers apart from those of the store, which nobody can list')]
}

function requirementMistakes (entries: string[]): Diagnostic[] {
  const claims = entries.map(entry => requirementIn(entry)?.[0])
  return claims.flatMap((claim, i) => {
    if (claim === undefined) return [invalid('JWT_REQUIRE', `: entry ${i + 1} must be a claim and its value, such as azp=web or tenant="7"`)]
    return claims.indexOf(claim) === i ? [] : [conflict('JWT_REQUIRE', `: entry ${i + 1} names a claim that an earlier entry names`)]
  })
}

function emptyEntries (name: keyof Settings, value: string | undefined): Diagnostic[] {
  return list(value).flatMap((entry, i) => entry === '' ? [invalid(name, `: entry ${i + 1} is empty`)] : [])
}

/** Whether a text is meant as a URL, valid or not. */
export function isUrl (text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

/** Whether a URL is protected from changes on the network: `https:`, or on this machine. */
export function isSafeUrl (text: string): boolean {
  if (!/^https?:\/\/[^\s@\\]+$/.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/** The path in JWT_KEYS; undefined where the keys are not in a file. */
export function keysFile ({ JWT_KEYS: keys }: Partial<Settings>): string | undefined {
  return keys === undefined || isUrl(keys) ? undefined : keys
}
