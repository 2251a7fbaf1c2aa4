import { parseRedisUrl } from '../limits/redis/target.js'
import type { Settings } from './schema.js'

type Value = string | number | boolean
/** The text to show; undefined if it may hold a secret. */
type Show = (value: string) => string | undefined

const hidden: Show = () => undefined
/** Shows nothing of a text that may contain a password, such as a URL with credentials. */
const whole: Show = value => /:\/\/[^]*@/.test(value) ? undefined : value
const server: Show = value => serversOf(value, text => [new URL(text)].map(({ protocol, host }) => `${protocol}//${host}`))
const serverOrFile: Show = value => value.includes('://') ? server(value) : value
const redis: Show = value => serversOf(value, text => parseRedisUrl(text).addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`))
/** Shows beginning and end, which is enough to recognize a SID. */
const sid: Show = value => /^[A-Z]{2}[0-9a-f]{32}$/i.test(value) ? `${value.slice(0, 4)}…${value.slice(-4)}` : undefined

/** What operators see of each setting that is a text. A new setting must be added here, otherwise the code does not compile. */
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
  // May contain secrets.
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

/** Settings whose values are numbers, booleans or words of a fixed list, and so cannot be secrets. */
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
 * Returns the values that operators may see. Of products' settings only SIDs are shown, because others may contain secrets.
 * @param started the settings of the start: some of them stay in force until a restart
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

/** Returns host and port, without user, password, path and query; undefined if the host may contain a part of those. */
function serversOf (value: string, read: (text: string) => string[]): string | undefined {
  // If a password contains a /, the host ends there, and the beginning of the password would be parsed as the port.
  if (value.split(',').some(item => /[/?#\\][^]*@/.test(item.replace(/^[\w+]*:\/\//, '')))) return undefined
  try {
    return read(value).filter(server => !server.endsWith('//')).join(', ') || undefined
  } catch {
    return undefined
  }
}
