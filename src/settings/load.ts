import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import envSchema from 'env-schema'
import { Type, type TObject, type TSchema } from '../lib/typebox.js'
import type { EnabledProduct, LoadedProduct } from '../products/contract.js'
import { loadProducts } from '../products/load.js'
import { newAjv } from '../lib/ajv.js'
import { parseDotenv, type Dotenv } from './dotenv.js'
import { nearMiss } from '../lib/did-you-mean.js'
import { cautions, list, rules } from './rules.js'
import { fromFile, schema, type Settings } from './schema.js'
import { isPlainName } from './variable-name.js'

export type Environment = Record<string, string | undefined>

export interface Read {
  /** Whole and valid only without mistakes; what could be read, otherwise. */
  settings: Settings
  products: EnabledProduct[]
  /** Every product there is, on or off. */
  known: LoadedProduct[]
  /** Of every setting, the products' own included, whether it is set. */
  given: Record<string, boolean>
  /** The settings that `.env` may hold in what of it could not be read. That they are missing would be no news. */
  unread: Names
  mistakes: string[]
  warnings: string[]
}

interface Names { has (name: string): boolean }

/**
 * Reads every setting from `.env` in `cwd` and from `env`, which wins. All mistakes are found in one go and told by name
 * and rule, never by value.
 */
export async function readSettings (env: Environment, cwd: string): Promise<Read> {
  const mistakes: string[] = []
  const { variables, lines, unread } = readSources(env, cwd, mistakes)
  const read = await readValues(variables, cwd, mistakes, name => {
    const line = lines.get(name)
    if (line !== undefined) return isPlainName(name) ? name : `the name in .env:${line}`
    return isPlainName(name.toUpperCase()) ? name : 'a variable of the environment'
  })
  const isNews = (mistake: string) => !unread.has(/^(\w+) is missing/.exec(mistake)?.[1] ?? '')
  return { ...read, unread, mistakes: read.mistakes.filter(isNews) }
}

/**
 * The same of values that come from elsewhere.
 * @param mistakes those that there are already
 * @param called what messages call a variable that is not a setting: its name, or where it is
 */
export async function readValues (given: Environment, cwd: string, mistakes: string[], called: (variable: string) => string): Promise<Read> {
  const variables = withFiles(given, cwd, mistakes)
  const named = variables.PRODUCTS === undefined ? undefined : list(variables.PRODUCTS)
  const loaded = await loadProducts(named, cwd)
  mistakes.push(...loaded.mistakes)

  const all = withProducts(loaded.products, mistakes)
  const unknown = unknownVariables(variables, all, called)
  const values = validated(all, variables, mistakes, unknown)
  for (const rule of rules) mistakes.push(...rule(values))
  const products = enabled(loaded.products, named !== undefined, values, mistakes)
  const near = strangers(unknown, mistakes)
  mistakes.push(...near.mistakes)
  return { settings: values as Settings, products, known: loaded.known, given: givenOf(all, variables), unread: new Set(), mistakes, warnings: [...near.warnings, ...cautions.flatMap(caution => caution(values))] }
}

/**
 * What is wrong with one setting by itself; undefined when nothing is.
 * @param products whose settings there are besides the broker's own
 */
export function valueMistake (name: string, value: string, products: LoadedProduct[] = []): string | undefined {
  const mistakes: string[] = []
  const { properties } = withProducts(products, [])
  const values = validated(Type.Object({ [name]: properties[name]! }), { [name]: value }, mistakes, [])
  for (const rule of rules) mistakes.push(...rule(values))
  return mistakes.find(mistake => mistake.startsWith(name))
}

/** `.env` below the environment. An empty value is no value: `.env.example` is full of them. */
export function readVariables (env: Environment, cwd: string, mistakes: string[] = []): Environment {
  return readSources(env, cwd, mistakes).variables
}

interface Sources {
  variables: Environment
  /** The lines of those that `.env` gives. */
  lines: ReadonlyMap<string, number>
  unread: Names
}

function readSources (env: Environment, cwd: string, mistakes: string[]): Sources {
  const { assignments: file, unread } = readDotenv(cwd, mistakes)
  const inFile = Array.from(file, ([name, { value }]) => [name, value] as const)
  const outside = withValue(env)
  const lines = Array.from(file, ([name, { line }]) => [name, line] as const).filter(([name]) => !(name in outside))
  return { variables: { ...withValue(Object.fromEntries(inFile)), ...outside }, lines: new Map(lines), unread }
}

function readDotenv (cwd: string, mistakes: string[]): Pick<Dotenv, 'assignments'> & { unread: Names } {
  try {
    const bytes = readFileSync(resolve(cwd, '.env'))
    // Of UTF-16, which editors on Windows write, the parser would make no setting at all, and of the policy none with it.
    if (isUtf8(bytes) && !bytes.includes(0)) {
      const { mistakes: wrong, ...read } = parseDotenv(bytes.toString())
      mistakes.push(...wrong)
      return read
    }
    mistakes.push('.env is not UTF-8; save it as UTF-8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { assignments: new Map(), unread: new Set() }
    mistakes.push('.env cannot be read; check that it is a file that this user may read')
  }
  return { assignments: new Map(), unread: { has: name => name !== '' } }
}

function withValue (variables: Environment): Environment {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
}

function withFiles (variables: Environment, cwd: string, mistakes: string[]): Environment {
  const read = { ...variables }
  for (const name of fromFile) {
    const path = read[`${name}_FILE`]
    if (path === undefined) continue
    if (read[name] !== undefined) {
      mistakes.push(`${name} and ${name}_FILE are both set; keep one`)
      continue
    }
    try {
      read[name] = readFileSync(resolve(cwd, path), 'utf8').replace(/\r?\n$/, '')
    } catch {
      mistakes.push(`${name}_FILE names a file that cannot be read; check the path and its mode`)
    }
  }
  return read
}

/** The schema of all settings. A product's own are optional: without them the product is off, not the broker wrong. */
function withProducts (products: LoadedProduct[], mistakes: string[]): TObject {
  const properties: Record<string, TSchema> = { ...schema.properties }
  for (const product of products) {
    const { name, settings } = product
    for (const [setting, rule] of Object.entries(settings.properties)) {
      if (setting in properties) mistakes.push(`PRODUCTS: the plugin ${name} claims the setting ${setting}, which is taken`)
      else properties[setting] = Type.Optional(rule)
    }
  }
  return Type.Object(properties)
}

function givenOf (all: TObject, variables: Environment): Record<string, boolean> {
  return Object.fromEntries(Object.keys(all.properties).map(name => [name, variables[name] !== undefined]))
}

interface Fault { instancePath: string, params: { missingProperty?: string } }

/** With mistakes, what is right is still returned, so that the rules between settings find theirs in the same go. */
function validated (all: TObject, variables: Environment, mistakes: string[], unknown: Unknown[]): Partial<Settings> {
  const given = Object.entries(variables).filter(([name]) => name in all.properties)
  const unreadable = given.filter(([name, value]) => (all.properties[name] as { type?: string }).type === 'integer' && !/^[+-]?\d+$/.test(value!.trim()))
  mistakes.push(...unreadable.map(([name, value]) => wrong(name, value!, all)))
  const known = Object.fromEntries(given.filter(entry => !unreadable.includes(entry)))
  try {
    // An ajv of its own: the one that env-schema shares keeps every schema it ever saw, and here each is new. Handed over as it is, as
    // env-schema would first make another one for a function of options.
    return envSchema<Settings>({ schema: all, data: known, env: false, ajv: newAjv('settings') })
  } catch (error) {
    const { errors, message } = error as Error & { errors?: Fault[] }
    if (errors === undefined) {
      mistakes.push(`PRODUCTS: the plugins' settings cannot be read together: ${message}`)
      return known
    }
    const bad = new Set(errors.map(({ instancePath, params }) => params.missingProperty ?? instancePath.slice(1)))
    for (const name of bad) {
      if (known[name] !== undefined) mistakes.push(wrong(name, known[name], all))
      // A file that was to hold it is a mistake by now.
      else if (!(`${name}_FILE` in variables)) mistakes.push(missing(name, all, unknown))
    }
    return validated(Type.Partial(all), Object.fromEntries(Object.entries(known).filter(([name]) => !bad.has(name))), mistakes, unknown)
  }
}

function missing (name: string, all: TObject, unknown: Unknown[]): string {
  const found = unknown.find(({ near }) => heldBy(near) === name)
  return found === undefined
    ? `${name} is missing; it must be ${rule(name, all)}`
    : `${name} is missing: ${found.mistake}`
}

const sids: Record<string, string> = {
  AC: 'an account SID', SK: 'an API key SID', AP: 'a TwiML app SID', IS: 'a service SID', CR: 'a push credential SID'
}

/** A SID in another's place is the commonest mistake, and its kind is no secret. */
function wrong (name: string, value: string, all: TObject): string {
  const kind = /^[A-Z]{2}(?=[0-9a-f]{32}$)/i.exec(value)?.[0]
  const holds = kind && sids[kind] ? `; it holds ${sids[kind]} (${kind}…)` : ''
  return `${name} must be ${rule(name, all)}${holds}`
}

function rule (name: string, all: TObject): string {
  const { description = 'of the form its product gives' } = all.properties[name] as { description?: string }
  return description
}

/** Whether there is such a setting, or such a setting's file. */
function isSetting (variable: string, all: TObject): boolean {
  return heldBy(variable) in all.properties
}

/** The setting that a `<NAME>_FILE` holds; of any other, itself. */
function heldBy (setting: string): string {
  return fromFile.find(name => setting === `${name}_FILE`) ?? setting
}

/** The setting that a variable may have been meant for, rather one that is not set; undefined where it is a setting itself. */
function nearestOf (variable: string, variables: Environment, all: TObject): string | undefined {
  if (isSetting(variable, all)) return undefined
  const names = [...Object.keys(all.properties), ...fromFile.map(name => `${name}_FILE`)]
  const unset = names.filter(name => variables[heldBy(name)] === undefined)
  return nearMiss(variable, unset) ?? nearMiss(variable, names)
}

/** A variable that looks like a mistyped setting. */
interface Unknown {
  /** The setting that was meant. */
  near: string
  mistake: string
}

function unknownVariables (variables: Environment, all: TObject, called: (variable: string) => string): Unknown[] {
  return Object.keys(variables).flatMap(variable => {
    const near = nearestOf(variable, variables, all)
    return near === undefined ? [] : [{ near, mistake: `${called(variable)} is not a setting; did you mean ${near}?` }]
  })
}

/** Those that stand in no mistake yet: a mistake beside a setting that is missing, else a warning. */
function strangers (unknown: Unknown[], mistakes: string[]): Pick<Read, 'mistakes' | 'warnings'> {
  const rest = unknown.filter(({ mistake }) => !mistakes.some(other => other.includes(mistake)))
  const isMissing = (name: string) => mistakes.some(mistake => mistake.startsWith(`${name} is missing`))
  const sentences = (beside: boolean) => [...new Set(rest.filter(({ near }) => isMissing(heldBy(near)) === beside).map(({ mistake }) => mistake))]
  return { mistakes: sentences(true), warnings: sentences(false) }
}

/** Which products are on. Named ones must be complete; the others are on where they are. */
function enabled (products: LoadedProduct[], named: boolean, values: Partial<Settings> & Record<string, unknown>, mistakes: string[]): EnabledProduct[] {
  return products.flatMap(product => {
    const { name, settings, regions } = product
    const faults = (settings.required ?? [])
      .filter(setting => values[setting] === undefined && !mistakes.some(mistake => mistake.startsWith(`${setting} `)))
      .map(setting => `${setting} is missing: PRODUCTS names ${name}, which needs it`)
    if (values.TWILIO_REGION !== undefined && !regions.includes(values.TWILIO_REGION)) {
      faults.push(`TWILIO_REGION: Twilio does not serve ${name} in this region; take it out of PRODUCTS, or change the region`)
    }
    if (named) mistakes.push(...faults)
    if (faults.length > 0) return []
    return [{ product, settings: Object.fromEntries(Object.keys(settings.properties).map(setting => [setting, values[setting]])) }]
  })
}
