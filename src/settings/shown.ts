import { parseRedisUrl } from '../limits/redis/target.js'
import type { Settings } from './schema.js'

type Value = string | number | boolean
/** The text to show; undefined if it may hold a secret. */
type Show = (value: string) => string | undefined

const hidden: Show = () => undefined
/** Of text that somebody put a password in, as into a URL, nothing is shown. */
const whole: Show = value => /:\/\/[^]*@/.test(value) ? undefined : value
const server: Show = value => serversOf(value, text => [new URL(text)].map(({ protocol, host }) => `${protocol}//${host}`))
const serverOrFile: Show = value => value.includes('://') ? server(value) : value
const redis: Show = value => serversOf(value, text => parseRedisUrl(text).addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`))
/** Enough to tell one from another. */
const sid: Show = value => /^[A-Z]{2}[0-9a-f]{32}$/i.test(value) ? `${value.slice(0, 4)}…${value.slice(-4)}` : undefined

/** How operators see the value of each setting that is text. A new setting does not compile before it has its place here. */
const texts: Record<Exclude<keyof Settings, Plain>, Show> = {
  TWILIO_ACCOUNT_SID: sid,
  TWILIO_API_KEY_SID: sid,
  TWILIO_API_KEY_SECRET: hidden,
  PRODUCTS: whole,
  HOST: whole,
  TLS_CERT_FILE: whole,
  TLS_KEY_FILE: whole,
  TRUST_PROXY: whole,
  CORS_ORIGINS: whole,
  PUBLIC_URL: whole,
  USERS_FILE: whole,
  DATABASE_URL: server,
  // May hold anything.
  USERS_QUERY: hidden,
  LOGIN_URL: server,
  SESSION_SECRET: hidden,
  JWT_ISSUER: whole,
  JWT_AUDIENCE: whole,
  JWT_KEYS: serverOrFile,
  JWT_ALGORITHMS: whole,
  JWT_NAME: whole,
  JWT_IDENTITY: whole,
  JWT_GROUPS: whole,
  JWT_REQUIRE: whole,
  POLICY_FILE: whole,
  REDIS_URL: redis,
  REDIS_PREFIX: whole,
  REDIS_CA_FILE: whole,
  REDIS_CERT_FILE: whole,
  REDIS_KEY_FILE: whole,
  AUDIT_LOG: whole,
  METRICS_HOST: whole,
  OPERATORS: whole
}

/** Settings whose values are numbers, booleans or words of a fixed list: none can be a secret. */
const plain = [
  'TWILIO_REGION', 'TOKEN_TTL', 'TOKEN_TTL_MAX', 'PORT', 'INSECURE_HTTP', 'SESSION_TTL', 'JWT_TYPE', 'JWT_MAX_AGE', 'IDENTITY_FORM', 'RATE_LIMIT_MAX',
  'CALLER_LIMIT_MAX', 'LOGIN_FAILURES_MAX', 'REDIS_DOWN', 'METRICS_PORT', 'CONSOLE', 'LOG_LEVEL', 'SHUTDOWN_DELAY'
] as const satisfies Array<keyof Settings>
type Plain = typeof plain[number]

/** Settings that are read only at the start. */
export const needRestart = [
  'HOST', 'PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'USERS_FILE', 'DATABASE_URL', 'USERS_QUERY', 'LOGIN_URL', 'REDIS_URL', 'REDIS_PREFIX', 'REDIS_CA_FILE',
  'REDIS_CERT_FILE', 'REDIS_KEY_FILE', 'REDIS_DOWN', 'AUDIT_LOG', 'METRICS_PORT', 'METRICS_HOST', 'SHUTDOWN_DELAY'
] as const satisfies Array<keyof Settings>

/**
 * The values that operators may see. Settings of products may hold anything: only what is a SID is shown.
 * @param started the settings of the start, of which some stay in force through reloads
 */
export function shownValues (current: Settings, started: Settings = current): Record<string, Value> {
  const inForce: Record<string, unknown> = { ...current, ...Object.fromEntries(needRestart.map(name => [name, started[name]])) }
  return Object.fromEntries(Object.entries(inForce).flatMap(([name, value]) => {
    const shown = (plain as readonly string[]).includes(name) ? value as Value | undefined : textOf(name, value)
    return shown === undefined ? [] : [[name, shown]]
  }))
}

function textOf (name: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const show = Object.hasOwn(texts, name) ? texts[name as keyof typeof texts] : sid
  return show(value)
}

/** Host and port without user, password, path and query. Nothing if a part that is left out might have ended up in the host. */
function serversOf (value: string, read: (text: string) => string[]): string | undefined {
  // A password with a / ends the host early, and its beginning would pass for a port.
  if (value.split(',').some(item => /[/?#\\][^]*@/.test(item.replace(/^[\w+]*:\/\//, '')))) return undefined
  try {
    return read(value).filter(server => !server.endsWith('//')).join(', ') || undefined
  } catch {
    return undefined
  }
}
