import { isIP } from 'node:net'
import { parseRedisUrl, type RedisUrlError } from '../limits/redis/target.js'
import { isLoopback } from '../lib/is-loopback.js'
import { jwtRules } from './jwt-rules.js'
import { list } from './list.js'
import { operatorMistakes } from './operators.js'
import { holdsEverybody } from './proxies.js'
import type { Settings } from './schema.js'
import type { Names } from './sources.js'

/** Each names a store of callers. */
const storeSettings = ['LOGIN_URL', 'DATABASE_URL', 'USERS_FILE'] as const

export { list }

/** One mistake, as `NAME what is wrong, what to do`. Never holds a value: it may be a secret in the wrong place. */
type Rule = (settings: Partial<Settings>) => string[]

/** What no schema can say: one setting's meaning, or two settings together. */
export const rules: Rule[] = [
  ({ TWILIO_API_KEY_SECRET: secret }) => secret !== undefined && placeholders.some(placeholder => placeholder.test(secret))
    ? ['TWILIO_API_KEY_SECRET is a placeholder or a SID; put the secret of the API key there']
    : [],

  ({ TOKEN_TTL: ttl, TOKEN_TTL_MAX: max }) => ttl !== undefined && max !== undefined && max < ttl
    ? ['TOKEN_TTL_MAX is below TOKEN_TTL; raise the one or lower the other']
    : [],

  ({ TRUST_PROXY: proxies }) => proxyMistakes(proxies),

  ({ CORS_ORIGINS: origins }) => list(origins).flatMap((entry, i) => isOrigin(entry)
    ? []
    : [`CORS_ORIGINS: entry ${i + 1} must be one exact origin, such as https://app.example.com: no *, no null, no path, no default port`]),

  operatorMistakes,

  // One: a list would parse, as a host that has commas.
  ({ PUBLIC_URL: url }) => url === undefined || (/^https?:\/\/[^\s,?#@*\\]+$/i.test(url) && URL.canParse(url)) ? [] : ['PUBLIC_URL must be one http: or https: URL'],

  ({ LOGIN_URL: url }) => url === undefined || isUrl(url, ['http:', 'https:']) ? [] : [`LOGIN_URL must be an http: or https: URL, ${encoded}`],

  // One for a Unix socket names no host after its @, which only PostgreSQL takes.
  ({ DATABASE_URL: url }) => url === undefined || hostsOf(url).includes(',') || (/^postgres(ql)?:\/\/\S+$/.test(url) && URL.canParse(url.replace('@/', '@socket/')))
    ? []
    : [`DATABASE_URL must be a postgres: or postgresql: URL, ${encoded}`],

  // The driver would ask for one host whose name has a comma.
  ({ DATABASE_URL: url }) => hostsOf(url).includes(',')
    ? ['DATABASE_URL must name one server: the driver takes no list of hosts. Give one name that always leads to the server in charge']
    : [],

  ({ REDIS_URL: url }) => redisTarget(url).mistakes,

  settings => {
    const files = (['REDIS_CA_FILE', 'REDIS_CERT_FILE', 'REDIS_KEY_FILE'] as const).filter(name => settings[name] !== undefined)
    return files.length > 0 && !/^rediss/.test(settings.REDIS_URL ?? '')
      ? [`${files.join(' and ')} ${files.length > 1 ? 'go' : 'goes'} with TLS to Redis only: let REDIS_URL begin with rediss`]
      : []
  },

  ({ DATABASE_URL: url, USERS_QUERY: query }) => [
    ...(url !== undefined && query === undefined
      ? ['USERS_QUERY is missing: DATABASE_URL needs the query that finds a caller, such as SELECT name, password AS password_hash FROM users WHERE name = $1']
      : []),
    ...(query !== undefined && url === undefined ? ['USERS_QUERY goes with DATABASE_URL only'] : []),
    ...(query !== undefined && !query.includes('$1') ? ['USERS_QUERY must take the name as $1'] : [])
  ],

  settings => {
    const stores = storeSettings.filter(name => settings[name] !== undefined)
    return stores.length > 1 ? [`${stores.join(' and ')} each name a store of callers; keep one`] : []
  },

  settings => [...missingBeside(settings, 'TLS_CERT_FILE', 'TLS_KEY_FILE'), ...missingBeside(settings, 'REDIS_CERT_FILE', 'REDIS_KEY_FILE')],

  // 0 is any free port.
  ({ PORT: port, METRICS_PORT: metrics }) => metrics !== undefined && metrics !== 0 && metrics === port
    ? ['METRICS_PORT is the same as PORT; choose another one']
    : [],

  // RFC 7617 §4: Basic credentials cross the network in clear text unless TLS carries them.
  ({ HOST: host, INSECURE_HTTP: insecure, TRUST_PROXY: proxy, TLS_CERT_FILE: cert }) =>
    host === undefined || isLoopback(host) || insecure || proxy !== undefined || cert !== undefined
      ? []
      : ['HOST is not a loopback address, so passwords would cross the network unencrypted: set TLS_CERT_FILE and TLS_KEY_FILE, put a proxy with TLS in front and name it in TRUST_PROXY, or set INSECURE_HTTP=true'],

  ...jwtRules
]

/** What works and may still not be meant. */
export const cautions: Rule[] = [
  ({ REDIS_URL: url }) => redisTarget(url).unused.map(entry => `REDIS_URL: entry ${entry} has a user or password of its own, which is not used; those of the first entry are for all nodes`),

  ({ LOGIN_URL: url }) => url !== undefined && /^http:/.test(url) && URL.canParse(url) && !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
    ? ['LOGIN_URL is http: to another machine, so every password crosses the network unencrypted; use https: unless that network is yours alone']
    : [],

  ({ LOGIN_URL: url, SESSION_TTL: ttl = 0 }) => url !== undefined && ttl > 0
    ? ['SESSION_TTL is set with LOGIN_URL: a changed password ends no session there, unless the endpoint answers a version that changes with it']
    : []
]

/** Two settings that need each other. */
function missingBeside (settings: Partial<Settings>, one: keyof Settings, other: keyof Settings): string[] {
  const [present, absent] = settings[one] === undefined ? [other, one] : [one, other]
  return settings[present] !== undefined && settings[absent] === undefined ? [`${absent} is missing beside ${present}`] : []
}

function redisTarget (url: string | undefined): { mistakes: string[], unused: number[] } {
  try {
    const target = url === undefined ? undefined : parseRedisUrl(url)
    return { mistakes: [], unused: target?.kind === 'cluster' ? target.unusedCredentials : [] }
  } catch (error) {
    const { message } = error as RedisUrlError
    return { mistakes: [`REDIS_URL${message.startsWith(':') ? '' : ' '}${message}`], unused: [] }
  }
}

/** What stands between credentials and path. */
function hostsOf (url: string | undefined): string {
  return /^[^/]*\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(url ?? '')?.[1] ?? ''
}

/** Whether callers are kept elsewhere than in a users file. */
export function hasRemoteStore ({ LOGIN_URL: url, DATABASE_URL: database }: Partial<Settings>): boolean {
  return url !== undefined || database !== undefined
}

/** Whether it is certain which store of callers is meant. It is not where a setting that names one may stand in what could not be read. */
export function isStoreKnown (settings: Partial<Settings>, unread: Names): boolean {
  return storeSettings.some(name => settings[name] !== undefined) || !storeSettings.some(name => unread.has(name))
}

const placeholders = [
  /^[A-Z]{2}[0-9a-f]{32}$/i,
  /^(.)\1*$/,
  /x{8}|^[x._*-]+$/i,
  /(^|[_-])your[_-]/i,
  /[_-]here$/i,
  /^(your|my)?[_-]?(twilio)?[_-]?(api)?[_-]?(key)?[_-]?(secret|token|password)$/i,
  /^(change[_-]?me|replace[_-]?me|placeholder|example|todo|none|null|undefined)$/i,
  /^(<.*>|\[.*\]|\{.*\}|\$.*|\.{3}|…)$/
]

/** Whether it is one exact origin, as browsers send it. */
export function isOrigin (entry: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*\\]+$/.test(entry) || !URL.canParse(entry)) return false
  // A page's origin as browsers write it: lower case, without the default port. Schemes other than http(s), such as
  // capacitor:, have an opaque origin in the URL standard, yet WebViews send them as they are.
  return /^https?:/.test(entry) ? new URL(entry).origin === entry : true
}

function proxyMistakes (proxies: string | undefined): string[] {
  if (/^(\d+|true)$/i.test(proxies ?? '')) return [`TRUST_PROXY must list the proxies' addresses: with a number or true ${anybody}`]
  const mistakes = list(proxies).flatMap((entry, i) => [
    ...(isCidr(entry) ? [] : [`TRUST_PROXY: entry ${i + 1} must be an IP address or a CIDR range`]),
    ...(isCidr(entry) && /\/0+$/.test(entry) ? [`TRUST_PROXY: entry ${i + 1} is every address there is: ${anybody}`] : [])
  ])
  if (mistakes.length > 0) return mistakes
  return holdsEverybody(list(proxies)) ? [`TRUST_PROXY: the ranges together are half of all public addresses or more: ${anybody}; list the proxies alone`] : []
}

const anybody = 'anybody could send any address as their own'

/** Bits of an address, by its family. */
const widths: Record<number, number> = { 4: 32, 6: 128 }

function isCidr (entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widths[family]!)
}

const encoded = 'with what is special in its password percent-encoded'

function isUrl (value: string, protocols: string[]): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return protocols.includes(protocol) && [username, password].every(decodes)
}

/** What opens the URL decodes them, and would throw at the start. */
function decodes (part: string): boolean {
  try {
    return decodeURIComponent(part) !== undefined
  } catch {
    return false
  }
}
