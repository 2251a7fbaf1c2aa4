import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { errorCode } from '../files/errno.js'
import { writableByEveryone } from '../files/mode.js'
import { withTimeout } from '../lib/with-timeout.js'
import type { LoadedProduct } from './contract.js'
import { isProduct, loadedProduct } from './define.js'
import { mustFit } from './fit.js'

/** Whether an entry of PRODUCTS is a package or a file of a third party. */
export function isThirdParty (entry: string): boolean {
  return /^[@.]/.test(entry)
}

/**
 * Finds the file of a plugin, and checks that not everyone may write it.
 * @returns its URL
 * @throws TypeError that says what is wrong
 */
export async function locate (entry: string, cwd: string): Promise<string> {
  const isFile = entry.startsWith('.')
  const url = isFile ? pathToFileURL(resolve(cwd, entry)).href : await fromPackages(entry, cwd)
  const path = fileURLToPath(url)
  const { mode } = await stat(path).catch(error => { throw new TypeError(`its file cannot be read (${errorCode(error)})`) })
  const writable = writableByEveryone(mode, { file: isFile ? entry : path })
  if (writable !== undefined) throw new TypeError(writable)
  return url
}

/**
 * Loads and checks a plugin. This runs its code.
 * @throws TypeError that says what is wrong with it
 */
export async function loadThirdParty (url: string, loadMs: number): Promise<LoadedProduct> {
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
  // TypeScript and Babel compile `export default` to CommonJS as `exports.default`, which import() returns as a property of the default
  // export.
  const { default: inner } = (exported ?? {}) as PluginModule
  if (isProduct(inner)) return loadedProduct(inner)
  const named = Object.keys(module).find(name => isProduct(module[name]))
  if (named !== undefined) throw new TypeError(`it exports the product as ${named}; make that its default export`)
  throw new TypeError(exported === undefined ? 'it has no default export; export default what defineProduct() makes' : 'its default export is not made by defineProduct()')
}

/** Finds a package from the operator's folder, else beside the broker, where a global install puts it. */
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
