import { nearMiss } from '../lib/did-you-mean.js'
import type { Read } from './load.js'
import { fromFile, schema, type Settings } from './schema.js'
import type { Sources } from './sources.js'
import { isPlainName } from './variable-name.js'

/** What the application around the broker decides in place of the settings, and how. */
const decidedOutside = {
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
type Decided = keyof typeof decidedOutside
type Named = Exclude<keyof Settings, Decided>

/** Settings of a broker inside an application, by the same names as in the environment. Numbers and booleans may be given as such. */
export type GivenSettings = { [Name in Named]?: Settings[Name] | string | undefined } & { [Name in Decided | `${Decided}_FILE`]?: never } & {
  /** A product's own, and `<NAME>_FILE` for what a file holds. */
  [setting: string]: Value
}

/**
 * Settings that an application gives in its code: neither the environment nor `.env` has a say.
 * @param mistakes those that there are already
 */
export function givenSources (given: GivenSettings, mistakes: string[]): Sources {
  const values = valuesOf(given)
  const called = callIn(given)
  const decided = values.flatMap(([name]) => {
    const by = decidedBy(name)
    return by === undefined ? [] : [`${name} is not taken inside an application: in its place is ${by}; remove it`]
  })
  const ours = values.filter(([name]) => decidedBy(name) === undefined)
  const isText = ([, value]: [string, unknown]) => ['string', 'number', 'boolean'].includes(typeof value)
  const others = ours.filter(value => !isText(value)).map(([name]) => `${called(name)} must be text, a number, or true or false`)
  // Standard output is the application's: its log goes there, as a rule.
  const mixed = 'AUDIT_LOG is not set: the audit goes to standard output, among whatever else is written there; set it to the path of a file'
  return {
    variables: Object.fromEntries(ours.filter(isText).map(([name, value]) => [name, String(value)])),
    called,
    unread: new Set(),
    mistakes: [...mistakes, ...decided, ...others],
    warnings: [
      ...values.some(([name]) => name === 'AUDIT_LOG') ? [] : [mixed],
      ...Number(given.SESSION_TTL ?? 0) > 0 ? ['SESSION_TTL is set: a password that is changed in the application ends no session before its time'] : []
    ]
  }
}

/** Nothing but settings can be meant in an application's code, so a name that is none is a mistake. */
export function unknownGiven (given: GivenSettings, { known, notLoaded, mistakes }: Read): string[] {
  // They may be settings of a plugin.
  if (notLoaded.length > 0) return []
  const called = callIn(given)
  const names = [...Object.keys(schema.properties), ...known.flatMap(product => Object.keys(product.settings.properties))]
  const taken = new Set([...names, ...fromFile.map(name => `${name}_FILE`)])
  return valuesOf(given)
    .filter(([name]) => decidedBy(name) === undefined && !taken.has(name) && !mistakes.some(mistake => mistake.includes(`${called(name)} is not a setting`)))
    .map(([name]) => `${called(name)} is not a setting${didYouMean(nearMiss(name, names))}`)
}

function valuesOf (given: GivenSettings): Array<[name: string, value: unknown]> {
  return Object.entries(given).filter(([, value]) => value !== undefined && value !== '')
}

function callIn (given: GivenSettings): (name: string) => string {
  return name => isPlainName(name) ? name : `entry ${Object.keys(given).indexOf(name) + 1} of settings`
}

function didYouMean (near: string | undefined): string {
  return near === undefined ? '' : `; did you mean ${near}?`
}

function decidedBy (name: string): string | undefined {
  const setting = name.replace(/_FILE$/, '')
  return Object.entries(decidedOutside).find(([outside]) => outside === name || outside === setting)?.[1]
}
