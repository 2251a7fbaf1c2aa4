import { isLoopback } from '../lib/is-loopback.js'
import { identityIn, jwtAlgorithms, pathIn, requirementIn } from './jwt.js'
import { list } from './list.js'
import type { Settings } from './schema.js'

type Rule = (settings: Partial<Settings>) => string[]

const companions = ['JWT_AUDIENCE', 'JWT_KEYS', 'JWT_ALGORITHMS', 'JWT_NAME', 'JWT_IDENTITY', 'JWT_GROUPS', 'JWT_REQUIRE', 'JWT_TYPE', 'JWT_MAX_AGE'] as const

const ways = 'https:, or http: on this machine'

/** What no schema can say of the settings of bearer tokens. */
export const jwtRules: Rule[] = [
  settings => settings.JWT_ISSUER !== undefined ? [] : companions.filter(name => settings[name] !== undefined).map(name => `${name} goes with JWT_ISSUER only`),

  // OpenID Connect Discovery 1.0 §3: without a query or fragment.
  ({ JWT_ISSUER: issuer }) => issuer === undefined || (isSafeUrl(issuer) && !/[?#]/.test(issuer))
    ? []
    : [`JWT_ISSUER must be the identity provider's URL, ${ways}, exactly as its tokens write it in iss`],

  ({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience }) => issuer !== undefined && audience === undefined
    ? ['JWT_AUDIENCE is missing: JWT_ISSUER needs the audience of the tokens that are meant for this broker, as they write it in aud']
    : emptyEntries('JWT_AUDIENCE', audience),

  ({ JWT_KEYS: keys }) => keys === undefined || !isUrl(keys) || isSafeUrl(keys) ? [] : [`JWT_KEYS must be a URL, ${ways}, or the path of a file`],

  ({ JWT_ALGORITHMS: algorithms }) => list(algorithms).flatMap((name, i) => (jwtAlgorithms as readonly string[]).includes(name)
    ? []
    : [`JWT_ALGORITHMS: entry ${i + 1} must be one of ${jwtAlgorithms.join(', ')}${/^(HS|none)/i.test(name) ? ': by HS256 and its like this broker could make tokens itself, and none is no signature' : ''}`]),

  ({ JWT_NAME: name }) => name === undefined || !/[{}]/.test(name) ? [] : ['JWT_NAME must be the name of a claim'],

  ({ JWT_IDENTITY: identity }) => identity === undefined || identityIn(identity) !== undefined
    ? []
    : ['JWT_IDENTITY must be the name of a claim, or one claim in braces behind a fixed text, such as idp_{sub}'],

  ({ JWT_GROUPS: groups }) => groups === undefined || pathIn(groups) !== undefined
    ? []
    : ['JWT_GROUPS must be the name of a claim, or a JSON Pointer such as /realm_access/roles'],

  ({ JWT_REQUIRE: required }) => requirementMistakes(list(required)),

  settings => settings.LOGIN_URL !== undefined || settings.DATABASE_URL !== undefined ? prefixMistakes(settings) : []
]

/** Beside a store whose callers nobody can list, only a prefix keeps the identities of the two kinds of callers apart. */
export function prefixMistakes ({ JWT_ISSUER: issuer, JWT_IDENTITY: identity = '' }: Partial<Settings>): string[] {
  const written = identityIn(identity)
  return issuer === undefined || written === undefined || written.prefix !== ''
    ? []
    : ['JWT_IDENTITY must begin with a fixed text, such as idp_{sub}: it keeps the identities of the provider\'s callers apart from those of the store, which nobody can list']
}

function requirementMistakes (entries: string[]): string[] {
  const claims = entries.map(entry => requirementIn(entry)?.[0])
  return claims.flatMap((claim, i) => {
    if (claim === undefined) return [`JWT_REQUIRE: entry ${i + 1} must be a claim and its value, such as azp=web or tenant="7"`]
    return claims.indexOf(claim) === i ? [] : [`JWT_REQUIRE: entry ${i + 1} names a claim that stands before it`]
  })
}

function emptyEntries (name: string, value: string | undefined): string[] {
  return list(value).flatMap((entry, i) => entry === '' ? [`${name}: entry ${i + 1} is empty`] : [])
}

/** What begins as a URL is meant as one. */
export function isUrl (text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

/** Whether what is read there can be trusted to come from there. */
export function isSafeUrl (text: string): boolean {
  if (!/^https?:\/\/[^\s@\\]+$/.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
