import { readdir } from 'node:fs/promises'
import { extname } from 'node:path'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { nearMiss } from '../lib/did-you-mean.js'
import type { LoadedProduct, Product } from './contract.js'
import { loadedProduct } from './define.js'
import { mustFitTogether } from './fit.js'
import { isThirdParty, loadThirdParty, locate } from './third-party.js'

export interface Loaded {
  /** The products that PRODUCTS names; all of `plugins/` without it. */
  products: LoadedProduct[]
  /** These, and all of `plugins/`. */
  known: LoadedProduct[]
  diagnostics: Diagnostic[]
  /** The entries that are plugins whose code has not been loaded. */
  notLoaded: string[]
}

export interface LoadOptions {
  /** Whether to load the code of plugins. Otherwise only their files are checked. Default: true. */
  plugins?: boolean
  /** Milliseconds that each plugin may take. Default: 10 000. */
  loadMs?: number
}

/** Loads the products of `plugins/`. They are found by name, so that nothing here knows one. */
export async function builtIn (): Promise<Map<string, LoadedProduct>> {
  const folder = new URL('../../plugins/', import.meta.url)
  const found = new Map<string, LoadedProduct>()
  // The build of the tests puts source maps into the same folder.
  const files = (await readdir(folder)).filter(file => extname(file) === extname(import.meta.url))
  for (const file of files.sort()) {
    const { default: plugin } = await import(new URL(file, folder).href) as { default: Product }
    const product = loadedProduct(plugin)
    found.set(product.name, product)
  }
  return found
}

const MAX_LOAD_MS = 10_000

/**
 * Loads the products that PRODUCTS names: one of `plugins/`, or a third party's as a package (`@scope/name`) or a file (`./file.js`). Both
 * are looked up from `cwd`.
 * @param entries undefined where PRODUCTS is not set: then all of `plugins/`
 */
export async function loadProducts (
  entries: string[] | undefined,
  cwd: string,
  { plugins = true, loadMs = MAX_LOAD_MS }: LoadOptions = {}
): Promise<Loaded> {
  const ours = await builtIn()
  if (entries === undefined) return { products: [...ours.values()], known: [...ours.values()], diagnostics: [], notLoaded: [] }

  const found = await Promise.all(entries.map((entry, i) => loadEntry(entry, i + 1, { ours, cwd, plugins, loadMs })))
  const products: LoadedProduct[] = []
  const diagnostics: Diagnostic[] = []
  const notLoaded: string[] = []
  for (const [i, one] of found.entries()) {
    if (one === 'not loaded') notLoaded.push(entries[i]!)
    else if ('level' in one) diagnostics.push(one)
    else if (products.some(({ name }) => name === one.name)) diagnostics.push(mistake('PRODUCTS', 'conflict', `PRODUCTS: entry ${i + 1} is a second product called ${one.name}; keep one`))
    else products.push(one)
  }
  const known = [...new Set([...ours.values(), ...products])]
  if (entries.some(isThirdParty)) diagnostics.push(...clashes(known))
  return { products, known, diagnostics, notLoaded }
}

interface EntryOptions extends Required<LoadOptions> {
  /** The products of `plugins/`. */
  ours: ReadonlyMap<string, LoadedProduct>
  cwd: string
}

/** Loads one entry of PRODUCTS, or says what is wrong with it. @param number of the entry, from 1 */
async function loadEntry (entry: string, number: number, { ours, cwd, plugins, loadMs }: EntryOptions): Promise<LoadedProduct | Diagnostic | 'not loaded'> {
  if (!isThirdParty(entry)) return ours.get(entry) ?? unknownProduct(entry, number, [...ours.keys()])
  try {
    const url = await locate(entry, cwd)
    return plugins ? await loadThirdParty(url, loadMs) : 'not loaded'
  } catch (error) {
    return mistake('PRODUCTS', 'unreadable', `PRODUCTS: the plugin ${entry} cannot be loaded: ${reasonOf(error)}`)
  }
}

function unknownProduct (entry: string, number: number, names: string[]): Diagnostic {
  const near = nearMiss(entry, names)
  return mistake('PRODUCTS', 'unknown', `PRODUCTS: entry ${number} is no product; ${near ? `did you mean ${near}?` : `there are ${names.join(', ')}`}`)
}

/** Returns the first line of a message: errors of module loaders can have several. */
function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message.split('\n', 1)[0]! : 'it threw no Error'
}

/** Checks that the `allow` schemas of all products fit into one schema, that of the policy. */
function clashes (products: LoadedProduct[]): Diagnostic[] {
  try {
    mustFitTogether(products)
    return []
  } catch (error) {
    return [mistake('PRODUCTS', 'conflict', `PRODUCTS: the plugins' allow schemas cannot be read together: ${(error as Error).message}`)]
  }
}
