import type { TObject } from '../lib/typebox.js'
import type { EnabledProduct, LoadedProduct } from '../products/contract.js'
import { loadProducts } from '../products/load.js'
import { cautions, list, rules } from './rules.js'
import type { Settings } from './schema.js'
import { readSources, withFiles, type Environment, type Findings, type Names, type Sources } from './sources.js'
import { strangers, unknownVariables, withoutUse } from './unknown.js'
import { validated, withProducts } from './validate.js'

export interface Read extends Findings {
  /** Whole and valid only without mistakes; what could be read, otherwise. */
  settings: Settings
  products: EnabledProduct[]
  /** Every product there is, on or off. */
  known: LoadedProduct[]
  /** Of every setting, the products' own included, whether it is set. */
  given: Record<string, boolean>
  /** The settings that `.env` may hold in what of it could not be read. That they are missing would be no news. */
  unread: Names
  /** The entries of PRODUCTS that are plugins and have not been loaded. With mistakes these may be some, else they are none. */
  notLoaded: string[]
}

/**
 * Reads every setting from `.env` in `cwd` and from `env`, which wins. All mistakes are found in one go and told by name
 * and rule, never by value.
 */
export async function readSettings (env: Environment, cwd: string): Promise<Read> {
  const sources = await withFiles(readSources(env, cwd), cwd)
  const read = await readWithoutPlugins(sources, cwd)
  return read.notLoaded.length > 0 && read.mistakes.length === 0 ? readWithPlugins(sources, cwd) : read
}

/**
 * Judges all but the plugins, whose code may be loaded only where nothing else is wrong.
 * @param sources with what their `_FILE` settings name, see `withFiles`
 */
export async function readWithoutPlugins (sources: Sources, cwd: string): Promise<Read> {
  return readAll(sources, cwd, false)
}

/**
 * Judges all, and loads the plugins for that.
 * @param sources with what their `_FILE` settings name, see `withFiles`
 */
export async function readWithPlugins (sources: Sources, cwd: string): Promise<Read> {
  return readAll(sources, cwd, true)
}

async function readAll ({ variables, called, unread, ...found }: Sources, cwd: string, plugins: boolean): Promise<Read> {
  const named = variables.PRODUCTS === undefined ? undefined : list(variables.PRODUCTS)
  const loaded = await loadProducts(named, cwd, { plugins })
  const { known, notLoaded } = loaded
  const mistakes = [...found.mistakes, ...loaded.mistakes]

  const all = withProducts(loaded.products, mistakes)
  const unknown = unknownVariables(variables, all, called)
  const values = validated(all, variables, mistakes, unknown)
  for (const rule of rules) mistakes.push(...rule(values))
  const products = enabled(loaded.products, named !== undefined, values, mistakes)
  const near = strangers(unknown, mistakes)
  mistakes.push(...near.mistakes)
  const isNews = (mistake: string) => !unread.has(/^(\w+) is missing| goes with (\w+) only/.exec(mistake)?.slice(1).find(Boolean) ?? '')
  const warnings = [
    ...found.warnings,
    // Without the plugins, nobody knows that these are not theirs.
    ...(notLoaded.length === 0 ? near.warnings : notLoaded.map(entry => `PRODUCTS: the plugin ${entry} is loaded and checked once nothing else is wrong`)),
    ...withoutUse(variables),
    ...cautions.flatMap(caution => caution(values))
  ]
  return { settings: values as Settings, products, known, given: givenOf(all, variables), unread, notLoaded, mistakes: mistakes.filter(isNews), warnings }
}

function givenOf (all: TObject, variables: Environment): Record<string, boolean> {
  return Object.fromEntries(Object.keys(all.properties).map(name => [name, variables[name] !== undefined]))
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
