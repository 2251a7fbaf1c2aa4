import { hasMistakes, mistake, warning, type Diagnostic } from '../lib/diagnostic.js'
import type { TObject } from '../lib/typebox.js'
import type { EnabledProduct, LoadedProduct } from '../products/contract.js'
import { loadProducts } from '../products/load.js'
import { cautions, list, rules } from './rules.js'
import type { Settings } from './schema.js'
import { readSources, withFiles, type Environment, type Names, type Sources } from './sources.js'
import { heldBy, misspeltVariables, reportMisspelt, withoutUse, type Misspelt } from './unknown.js'
import { allSettings, missingSetting, validate } from './validate.js'

export interface Read {
  /** Complete and valid only without mistakes; otherwise what could be read. */
  settings: Settings
  diagnostics: Diagnostic[]
  products: EnabledProduct[]
  /** Every product, enabled or not. */
  known: LoadedProduct[]
  /** Whether each setting is set, the products' own included. */
  given: Record<string, boolean>
  /** Settings that may be in an unreadable part of the sources. They are not reported as missing. */
  unread: Names
  /** The entries of PRODUCTS that are plugins and have not been loaded. Empty without mistakes. */
  notLoaded: string[]
  /** How the mistakes name the variables that are misspelt settings. */
  misspelt: Names
}

/**
 * Reads every setting from `.env` in `cwd` and from `env`, which wins. Reports all mistakes in one run, by name and rule, never by value.
 */
export async function readSettings (env: Environment, cwd: string): Promise<Read> {
  const sources = await withFiles(readSources(env, cwd), cwd)
  const read = await readWithoutPlugins(sources, cwd)
  return read.notLoaded.length > 0 && !hasMistakes(read.diagnostics) ? readWithPlugins(sources, cwd) : read
}

/**
 * Checks everything but the plugins, whose code must be loaded only if nothing else is wrong.
 * @param sources with the content of their `_FILE` settings, see `withFiles`
 */
export async function readWithoutPlugins (sources: Sources, cwd: string): Promise<Read> {
  return readAll(sources, cwd, false)
}

/**
 * Loads the plugins and checks everything.
 * @param sources with the content of their `_FILE` settings, see `withFiles`
 */
export async function readWithPlugins (sources: Sources, cwd: string): Promise<Read> {
  return readAll(sources, cwd, true)
}

async function readAll (sources: Sources, cwd: string, plugins: boolean): Promise<Read> {
  const { variables, called, unread } = sources
  const named = variables.PRODUCTS === undefined ? undefined : list(variables.PRODUCTS)
  const { products: wanted, known, notLoaded, diagnostics: ofProducts } = await loadProducts(named, cwd, { plugins })
  const { schema, diagnostics: ofSchema } = allSettings(wanted)
  const misspelt = misspeltVariables(variables, schema, called)
  const explained = new Set<Misspelt>()
  const { values, diagnostics } = validate(schema, variables, (name, all) => {
    const found = misspelt.find(({ meant }) => heldBy(meant) === name)
    if (found === undefined) return missingSetting(name, all)
    explained.add(found)
    return mistake(name, 'missing', `${name} is missing: ${found.message}`)
  })
  const found = [...sources.diagnostics, ...ofProducts, ...ofSchema, ...diagnostics, ...rules.flatMap(rule => rule(values, unread))]
  const { products, diagnostics: ofEnabled } = enabled(wanted, named !== undefined, values, found)
  found.push(...ofEnabled)
  const texts = new Set(Array.from(explained, ({ message }) => message))
  const unexplained = reportMisspelt(misspelt.filter(({ message }) => !texts.has(message)), found)
  const mistakes = unexplained.filter(({ level }) => level === 'mistake')
  const warnings = unexplained.filter(({ level }) => level === 'warning')
  return {
    settings: values as Settings,
    diagnostics: [
      ...[...found, ...mistakes].filter(({ code, subject }) => code !== 'missing' || !unread.has(subject)),
      // Until the plugins are loaded, an unknown variable may be one of their settings.
      ...(notLoaded.length === 0 ? warnings : notLoaded.map(notLoadedYet)),
      ...withoutUse(variables),
      ...cautions.flatMap(caution => caution(values, unread))
    ],
    products,
    known,
    given: givenOf(schema, variables),
    unread,
    notLoaded,
    misspelt: new Set([...Array.from(explained, ({ called }) => called), ...mistakes.map(({ subject }) => subject)])
  }
}

function notLoadedYet (entry: string): Diagnostic {
  return warning('PRODUCTS', 'no-effect', `PRODUCTS: the plugin ${entry} is loaded and checked once nothing else is wrong`)
}

function givenOf (all: TObject, variables: Environment): Record<string, boolean> {
  return Object.fromEntries(Object.keys(all.properties).map(name => [name, variables[name] !== undefined]))
}

interface Enabled {
  products: EnabledProduct[]
  diagnostics: Diagnostic[]
}

/**
 * Finds the products that are enabled. If PRODUCTS names them, an incomplete one is a mistake; otherwise it is off.
 * @param found the diagnostics so far: a setting that is reported already is not reported as missing, too
 */
function enabled (all: LoadedProduct[], named: boolean, values: Partial<Settings> & Record<string, unknown>, found: Diagnostic[]): Enabled {
  const products: EnabledProduct[] = []
  const diagnostics: Diagnostic[] = []
  for (const product of all) {
    const { name, settings, regions } = product
    const faults = (settings.required ?? [])
      .filter(setting => values[setting] === undefined && ![...found, ...diagnostics].some(({ level, subject }) => level === 'mistake' && subject === setting))
      .map(setting => mistake(setting, 'missing', `${setting} is missing: PRODUCTS names ${name}, which needs it`))
    if (values.TWILIO_REGION !== undefined && !regions.includes(values.TWILIO_REGION)) {
      faults.push(mistake('TWILIO_REGION', 'conflict', `TWILIO_REGION: Twilio does not serve ${name} in this region; take it out of PRODUCTS, or change the region`))
    }
    if (faults.length === 0) {
      products.push({
        product,
        settings: Object.fromEntries(Object.keys(settings.properties).map(setting => [setting, values[setting]]))
      })
    } else if (named) diagnostics.push(...faults)
  }
  return { products, diagnostics }
}
