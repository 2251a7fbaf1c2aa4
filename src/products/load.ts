import { readdir, stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { errorCode } from '../files/errno.js'
import { writableByEveryone } from '../files/mode.js'
import { withTimeout } from '../lib/with-timeout.js'
import type { LoadedProduct, Product } from './contract.js'
import { isProduct, loadedProduct } from './define.js'
import { mustFit, mustFitTogether } from './fit.js'
import { nearMiss } from '../lib/did-you-mean.js'

export interface Loaded {
  products: LoadedProduct[]
  /** These, and those of `plugins/` that are not named. */
  known: LoadedProduct[]
  mistakes: string[]
  /** The entries that are plugins whose code has not been loaded. */
  notLoaded: string[]
}

export interface LoadOptions {
  /** Whether to load the code of plugins. Otherwise their files alone are looked at. Default: true. */
  plugins?: boolean
  /** How long each plugin may take, in milliseconds. */
  loadMs?: number
}

/** The products in `plugins/`, found by name so that nothing here knows one. */
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

/** Milliseconds that a plugin may take to load. */
const maxLoadMs = 10_000

/**
 * What PRODUCTS names: a product of `plugins/`, or a third party's as a package (`@scope/name`) or a file (`./file.js`),
 * both looked up from `cwd`. Without PRODUCTS, all of `plugins/`.
 */
export async function loadProducts (entries: string[] | undefined, cwd: string, { plugins = true, loadMs = maxLoadMs }: LoadOptions = {}): Promise<Loaded> {
  const known = await builtIn()
  if (entries === undefined) return { products: [...known.values()], known: [...known.values()], mistakes: [], notLoaded: [] }

  const products: LoadedProduct[] = []
  const mistakes: string[] = []
  const notLoaded: string[] = []
  const loaded = await Promise.allSettled(entries.map(async entry => {
    if (!isThirdParty(entry)) return known.get(entry)
    const url = await locate(entry, cwd)
    return plugins ? thirdParty(url, loadMs) : 'not loaded'
  }))
  for (const [i, result] of loaded.entries()) {
    const entry = entries[i]!
    if (result.status === 'rejected') {
      mistakes.push(`PRODUCTS: the plugin ${entry} cannot be loaded: ${reasonOf(result.reason)}`)
    } else if (result.value === 'not loaded') {
      notLoaded.push(entry)
    } else if (result.value === undefined) {
      const near = nearMiss(entry, known.keys())
      mistakes.push(`PRODUCTS: entry ${i + 1} is no product; ${near ? `did you mean ${near}?` : `there are ${[...known.keys()].join(', ')}`}`)
    } else if (products.some(other => other.name === (result.value as LoadedProduct).name)) {
      mistakes.push(`PRODUCTS: entry ${i + 1} is a second product called ${result.value.name}; keep one`)
    } else {
      products.push(result.value)
    }
  }
  const all = [...new Set([...known.values(), ...products])]
  if (entries.some(isThirdParty)) mistakes.push(...clashes(all))
  return { products, known: all, mistakes, notLoaded }
}

function isThirdParty (entry: string): boolean {
  return /^[@.]/.test(entry)
}

/** In one line; what loaders of modules throw can have several. */
function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message.split('\n', 1)[0]! : 'it threw no Error'
}

/** What a policy may say of all products stands in one schema, in which two of them can contradict each other. */
function clashes (products: LoadedProduct[]): string[] {
  try {
    mustFitTogether(products)
    return []
  } catch (error) {
    return [`PRODUCTS: the plugins' allow schemas cannot be read together: ${(error as Error).message}`]
  }
}

/**
 * The URL of a plugin's file.
 * @throws TypeError where there is none, or everyone may write it
 */
async function locate (entry: string, cwd: string): Promise<string> {
  const isFile = entry.startsWith('.')
  const url = isFile ? pathToFileURL(resolve(cwd, entry)).href : await fromPackages(entry, cwd)
  const path = fileURLToPath(url)
  const { mode } = await stat(path).catch(error => { throw new TypeError(`its file cannot be read (${errorCode(error)})`) })
  const mistake = writableByEveryone(mode, { file: isFile ? entry : path })
  if (mistake !== undefined) throw new TypeError(mistake)
  return url
}

async function thirdParty (url: string, loadMs: number): Promise<LoadedProduct> {
  const slow = `it is still loading after ${loadMs / 1000} s; look for a top-level await that never settles`
  const product = productOf(await withTimeout(loadMs, slow, () => import(url) as Promise<PluginModule>))
  mustFit(product)
  return product
}

interface PluginModule {
  default?: unknown
  [name: string]: unknown
}

/** @throws TypeError that says what to export */
function productOf (module: PluginModule): LoadedProduct {
  const { default: exported } = module
  if (isProduct(exported)) return loadedProduct(exported)
  // TypeScript and Babel compile `export default` to CommonJS as `exports.default`, which import() gives as a property of the default.
  const { default: inner } = (exported ?? {}) as PluginModule
  if (isProduct(inner)) return loadedProduct(inner)
  const named = Object.keys(module).find(name => isProduct(module[name]))
  if (named !== undefined) throw new TypeError(`it exports the product as ${named}; make that its default export`)
  throw new TypeError(exported === undefined ? 'it has no default export; export default what defineProduct() makes' : 'its default export is not made by defineProduct()')
}

/** A package is found from the operator's folder, and else beside the broker, where a global install puts it. */
async function fromPackages (entry: string, cwd: string): Promise<string> {
  const { resolve: resolveModule } = await import('import-meta-resolve')
  try {
    return resolveModule(entry, pathToFileURL(resolve(cwd, 'package.json')).href)
  } catch (error) {
    try {
      return resolveModule(entry, import.meta.url)
    } catch {
      throw error
    }
  }
}
