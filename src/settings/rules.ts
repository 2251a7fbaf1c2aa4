import { isLoopback } from '../lib/is-loopback.js'
import { isOrigin } from '../lib/is-origin.js'
import { mistake, warning, type Diagnostic } from '../lib/diagnostic.js'
import { conflict, invalid, type Rule } from './rule.js'
import { jwtRules } from './jwt-rules.js'
import { list } from './list.js'
import { bearerOperators, operatorMistakes } from './operators.js'
import { proxyMistakes } from './proxy-rules.js'
import { redisRules, unusedCredentials } from './redis-rules.js'
import type { Settings } from './schema.js'
import type { Names } from './sources.js'

/** Each of these settings names a store of callers. */
const STORE_SETTINGS = ['LOGIN_URL', 'DATABASE_URL', 'USERS_FILE'] as const

export { bearerOperators, list }

/** Rules that a schema cannot express: about the meaning of a setting, or about several settings. Breaking one is a mistake. */
export const rules: Rule[] = [
  ({ TWILIO_API_KEY_SECRET: secret }) => secret !== undefined && PLACEHOLDERS.some(placeholder => placeholder.test(secret))
    ? [invalid('TWILIO_API_KEY_SECRET', 'is a placeholder or a SID; put the secret of the API key there')]
    : [],

  ({ TOKEN_TTL: ttl, TOKEN_TTL_MAX: max }) => ttl !== undefined && max !== undefined && max < ttl
    ? [conflict('TOKEN_TTL_MAX', 'is below TOKEN_TTL; raise the one or lower the other')]
    : [],

  proxyMistakes,

  ({ CORS_ORIGINS: origins }) => list(origins).flatMap((entry, i) => isOrigin(entry)
    ? []
    : [invalid('CORS_ORIGINS', `: entry ${i + 1} must be one exact origin, such as https://app.example.com: no *, no null, no path, no default port`)]),

  operatorMistakes,

  // Excludes commas: a list would parse as one URL whose host has commas.
  ({ PUBLIC_URL: url }) => url === undefined || (/^https?:\/\/[^\s,?#@*\\]+$/i.test(url) && URL.canParse(url)) ? [] : [invalid('PUBLIC_URL', 'must be one http: or https: URL')],

  ({ LOGIN_URL: url }) => url === undefined || isUrl(url, ['http:', 'https:']) ? [] : [invalid('LOGIN_URL', `must be an http: or https: URL, ${encoded}`)],

  // The URL of a Unix socket has no host after its @, which only PostgreSQL accepts.
  ({ DATABASE_URL: url }) => url === undefined || hostsOf(url).includes(',') || (/^postgres(ql)?:\/\/\S+$/.test(url) && URL.canParse(url.replace('@/', '@socket/')))
    ? []
    : [invalid('DATABASE_URL', `must be a postgres: or postgresql: URL, ${encoded}`)],

  // The driver would take a list for one host whose name has a comma.
  ({ DATABASE_URL: url }) => hostsOf(url).includes(',')
    ? [invalid('DATABASE_URL', 'must name one server: the driver takes no list of hosts. Give one name that always leads to the server in charge')]
    : [],

  ...redisRules,

  ({ DATABASE_URL: url, USERS_QUERY: query }, unread) => [
    ...(url !== undefined && query === undefined
      ? [mistake('USERS_QUERY', 'missing', 'USERS_QUERY is missing: DATABASE_URL needs the query that finds a caller, such as SELECT name, password AS password_hash FROM users WHERE name = $1')]
      : []),
    ...(query !== undefined && url === undefined && !unread.has('DATABASE_URL') ? [conflict('USERS_QUERY', 'goes with DATABASE_URL only')] : []),
    ...(query !== undefined && !query.includes('$1') ? [invalid('USERS_QUERY', 'must take the name as $1')] : [])
  ],

  settings => {
    const stores = STORE_SETTINGS.filter(name => settings[name] !== undefined)
    return stores.length > 1 ? [mistake(stores[0]!, 'conflict', `${stores.join(' and ')} each name a store of callers; keep one`)] : []
  },

  settings => [...missingBeside(settings, 'TLS_CERT_FILE', 'TLS_KEY_FILE'), ...missingBeside(settings, 'REDIS_CERT_FILE', 'REDIS_KEY_FILE')],

  // 0 is any free port.
  ({ PORT: port, METRICS_PORT: metrics }) => metrics !== undefined && metrics !== 0 && metrics === port
    ? [conflict('METRICS_PORT', 'is the same as PORT; choose another one')]
    : [],

  // RFC 7617 §4: Basic credentials cross the network in clear text unless TLS carries them.
  ({ HOST: host, INSECURE_HTTP: insecure, TRUST_PROXY: proxy, TLS_CERT_FILE: cert }) =>
    host === undefined || isLoopback(host) || insecure || proxy !== undefined || cert !== undefined
      ? []
      : [mistake('HOST', 'insecure', 'HOST is not a loopback address, so passwords would cross the network unencrypted: set TLS_CERT_FILE and TLS_KEY_FILE, put a proxy with TLS in front and name it in TRUST_PROXY, or set INSECURE_HTTP=true')],

  ...jwtRules
]

/** Settings that are valid but may not be intended. Each is a warning. */
export const cautions: Rule[] = [
  unusedCredentials,

  ({ LOGIN_URL: url }) => url !== undefined && /^http:/.test(url) && URL.canParse(url) && !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
    ? [warning('LOGIN_URL', 'insecure', 'LOGIN_URL is http: to another machine, so every password crosses the network unencrypted; use https: unless that network is yours alone')]
    : [],

  ({ LOGIN_URL: url, SESSION_TTL: ttl = 0 }) => url !== undefined && ttl > 0
    ? [warning('SESSION_TTL', 'insecure', 'SESSION_TTL is set with LOGIN_URL: a changed password ends no session there, unless the endpoint answers a version that changes with it')]
    : []
]

/** Reports if only one of two settings is set that need each other. */
function missingBeside (settings: Partial<Settings>, one: keyof Settings, other: keyof Settings): Diagnostic[] {
  const [present, absent] = settings[one] === undefined ? [other, one] : [one, other]
  return settings[present] !== undefined && settings[absent] === undefined ? [mistake(absent, 'missing', `${absent} is missing beside ${present}`)] : []
}

/** Returns the part of a URL between credentials and path. */
function hostsOf (url: string | undefined): string {
  return /^[^/]*\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(url ?? '')?.[1] ?? ''
}

/** Whether callers are in a database or at a login endpoint, not in a users file. */
export function hasRemoteStore ({ LOGIN_URL: url, DATABASE_URL: database }: Partial<Settings>): boolean {
  return url !== undefined || database !== undefined
}

/** Whether it is certain which store is meant: not if a setting that names one may be in an unreadable part of the sources. */
export function isStoreKnown (settings: Partial<Settings>, unread: Names): boolean {
  return STORE_SETTINGS.some(name => settings[name] !== undefined) || !STORE_SETTINGS.some(name => unread.has(name))
}

const PLACEHOLDERS = [
  /^[A-Z]{2}[0-9a-f]{32}$/i,
  /^(.)\1*$/,
  /x{8}|^[x._*-]+$/i,
  /(^|[_-])your[_-]/i,
  /[_-]here$/i,
  /^(your|my)?[_-]?(twilio)?[_-]?(api)?[_-]?(key)?[_-]?(secret|token|password)$/i,
  /^(change[_-]?me|replace[_-]?me|placeholder|example|todo|none|null|undefined)$/i,
  /^(<.*>|\[.*\]|\{.*\}|\$.*|\.{3}|…)$/
]

const encoded = 'with what is special in its password percent-encoded'

function isUrl (value: string, protocols: string[]): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return protocols.includes(protocol) && [username, password].every(decodes)
}

/** The client decodes user and password, and would throw at the start. */
function decodes (part: string): boolean {
  try {
    return decodeURIComponent(part) !== undefined
  } catch {
    return false
  }
}
