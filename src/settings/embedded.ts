import { nearMiss } from '../lib/did-you-mean.js'
import { readValues, type Environment, type Read } from './load.js'
import { fromFile, schema, type Settings } from './schema.js'
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
 * Reads settings that an application gives in its code: neither the environment nor `.env` has a say. Nothing but
 * settings can be meant here, so a name that is none is a mistake.
 * @param mistakes those that there are already
 */
export async function readGiven (given: GivenSettings, cwd: string, mistakes: string[]): Promise<Read> {
  const values = Object.entries(given).filter(([, value]) => value !== undefined && value !== '')
  const ours = values.filter(([name]) => decidedBy(name) === undefined)
  const called = (name: string) => isPlainName(name) ? name : `entry ${Object.keys(given).indexOf(name) + 1} of settings`
  const read = await readValues(textsOf(ours, mistakes, called), cwd, mistakes, called)
  const names = [...Object.keys(schema.properties), ...read.known.flatMap(product => Object.keys(product.settings.properties))]
  const taken = new Set([...names, ...fromFile.map(name => `${name}_FILE`)])
  for (const [name] of values) {
    const decided = decidedBy(name)
    if (decided !== undefined) mistakes.push(`${name} is not taken inside an application: in its place is ${decided}; remove it`)
    else if (!taken.has(name) && !mistakes.some(mistake => mistake.includes(`${called(name)} is not a setting`))) mistakes.push(stranger(name, called(name), names))
  }
  // Standard output is the application's: its log goes there, as a rule.
  const mixed = 'AUDIT_LOG is not set: the audit goes to standard output, among whatever else is written there; set it to the path of a file'
  return values.some(([name]) => name === 'AUDIT_LOG') ? read : { ...read, warnings: [...read.warnings, mixed] }
}

function decidedBy (name: string): string | undefined {
  const outside: Record<string, string> = decidedOutside
  return outside[name] ?? outside[name.replace(/_FILE$/, '')]
}

function textsOf (values: Array<[name: string, value: unknown]>, mistakes: string[], called: (name: string) => string): Environment {
  return Object.fromEntries(values.flatMap(([name, value]): Array<[string, string]> => {
    if (['string', 'number', 'boolean'].includes(typeof value)) return [[name, String(value)]]
    mistakes.push(`${called(name)} must be text, a number, or true or false`)
    return []
  }))
}

function stranger (name: string, called: string, names: string[]): string {
  const near = nearMiss(name, names)
  return near === undefined ? `${called} is not a setting` : `${called} is not a setting; did you mean ${near}?`
}
