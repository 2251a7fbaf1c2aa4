import { mistake, warning, type Diagnostic } from '../lib/diagnostic.js'
import { nearMiss } from '../lib/did-you-mean.js'
import type { Read } from './load.js'
import { fromFile } from './from-file.js'
import { schema, type Settings } from './schema.js'
import type { Sources } from './sources.js'
import { isPlainName } from './variable-name.js'

/** Settings that have no use inside an application, with what replaces each. */
const REPLACED = {
  HOST: 'where the application listens',
  PORT: 'where the application listens',
  TLS_CERT_FILE: 'the application\'s own server',
  TLS_KEY_FILE: 'the application\'s own server',
  INSECURE_HTTP: 'the application\'s own server',
  SHUTDOWN_DELAY: 'the application\'s own server',
  TRUST_PROXY: 'trustProxy of the application\'s Fastify',
  METRICS_PORT: '/metrics below the prefix, or a route of the application',
  METRICS_HOST: '/metrics below the prefix, or a route of the application',
  LOG_LEVEL: 'the application\'s own logger',
  USERS_FILE: 'authenticate',
  DATABASE_URL: 'authenticate',
  USERS_QUERY: 'authenticate',
  LOGIN_URL: 'authenticate'
} as const satisfies Partial<Record<keyof Settings, string>>

type Value = string | number | boolean | undefined
type Replaced = keyof typeof REPLACED
type Usable = Exclude<keyof Settings, Replaced>

/** Settings of a broker inside an application, by the same names as in the environment. Numbers and booleans may be given as such. */
export type GivenSettings = { [Name in Usable]?: Settings[Name] | string | undefined } & { [Name in Replaced | `${Replaced}_FILE`]?: never } & {
  /** A product's own setting, or `<NAME>_FILE` for the content of a file. A plugin may have settings of any name. */
  [setting: string]: Value
}

/**
 * Reads the settings that an application passes in its code. The environment and `.env` are not read.
 * @param found the diagnostics so far
 */
export function givenSources (given: GivenSettings, found: Diagnostic[]): Sources {
  const values = valuesOf(given)
  const displayName = displayNames(given)
  const replaced = values.flatMap(([name]) => {
    const by = replacementOf(name)
    return by === undefined ? [] : [mistake(name, 'no-effect', `${name} is not used inside an application: instead there is ${by}; remove it`)]
  })
  const ours = values.filter(([name]) => replacementOf(name) === undefined)
  const isText = ([, value]: [string, unknown]) => ['string', 'number', 'boolean'].includes(typeof value)
  const others = ours.filter(value => !isText(value)).map(([name]) => mistake(displayName(name), 'invalid', `${displayName(name)} must be text, a number, or true or false`))
  // The application usually logs to standard output, too.
  const auditToStdout = warning('AUDIT_LOG', 'missing', 'AUDIT_LOG is not set: the audit goes to standard output, mixed with other output; set it to the path of a file')
  const sessionsOutlivePassword = warning('SESSION_TTL', 'insecure', 'SESSION_TTL is set: a password that is changed in the application ends no session before its time')
  return {
    variables: Object.fromEntries(ours.filter(isText).map(([name, value]) => [name, String(value)])),
    called: displayName,
    unread: new Set(),
    diagnostics: [
      ...found,
      ...replaced,
      ...others,
      ...values.some(([name]) => name === 'AUDIT_LOG') ? [] : [auditToStdout],
      ...Number(given.SESSION_TTL ?? 0) > 0 ? [sessionsOutlivePassword] : []
    ]
  }
}

/** Reports names that are not a setting. Among an application's own settings, each of them is a mistake. */
export function unknownGiven (given: GivenSettings, { known, notLoaded, misspelt }: Read): Diagnostic[] {
  // An unknown name may be a setting of a plugin that is not loaded yet.
  if (notLoaded.length > 0) return []
  const displayName = displayNames(given)
  const names = [...Object.keys(schema.properties), ...known.flatMap(product => Object.keys(product.settings.properties))]
  const taken = new Set([...names, ...fromFile.map(name => `${name}_FILE`)])
  return valuesOf(given)
    .filter(([name]) => replacementOf(name) === undefined && !taken.has(name) && !misspelt.has(displayName(name)))
    .map(([name]) => mistake(displayName(name), 'unknown', `${displayName(name)} is not a setting${didYouMean(nearMiss(name, names))}`))
}

function valuesOf (given: GivenSettings): Array<[name: string, value: unknown]> {
  return Object.entries(given).filter(([, value]) => value !== undefined && value !== '')
}

/** How messages call a setting: a name that may be a secret by mistake is not repeated. */
function displayNames (given: GivenSettings): (name: string) => string {
  return name => isPlainName(name) ? name : `entry ${Object.keys(given).indexOf(name) + 1} of settings`
}

function didYouMean (near: string | undefined): string {
  return near === undefined ? '' : `; did you mean ${near}?`
}

function replacementOf (name: string): string | undefined {
  const setting = name.replace(/_FILE$/, '')
  return Object.entries(REPLACED).find(([replaced]) => replaced === name || replaced === setting)?.[1]
}
