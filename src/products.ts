import { readdir } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, isProduct, type Product } from './product.js'
import { mustFit, mustFitTogether } from './products/fit.js'
import { nearMiss } from './settings/near-miss.js'

export interface Loaded {
  products: Product[]
  /** These, and those of `plugins/` that are not named. */
  known: Product[]
  mistakes: string[]
}

/** The products in `plugins/`, found by name so that nothing here knows one. */
export async function builtIn (): Promise<Map<string, Product>> {
  const folder = new URL('../plugins/', import.meta.url)
  const found = new Map<string, Product>()
  // Once compiled, the same folder holds declarations too.
  const files = (await readdir(folder)).filter(file => extname(file) === extname(import.meta.url))
  for (const file of files.sort()) {
    const { default: product } = await import(new URL(file, folder).href) as { default: Product }
    found.set(describe(product).name, product)
  }
  return found
}

/**
 * What PRODUCTS names: a product of `plugins/`, or a third party's as a package (`@scope/name`) or a file (`./file.js`),
 * both looked up from `cwd`. Without PRODUCTS, all of `plugins/`.
 */
export async function loadProducts (entries: string[] | undefined, cwd: string): Promise<Loaded> {
  const known = await builtIn()
  if (entries === undefined) return { products: [...known.values()], known: [...known.values()], mistakes: [] }

  const products: Product[] = []
  const mistakes: string[] = []
  for (const [i, entry] of entries.entries()) {
    try {
      const product = isThirdParty(entry) ? await thirdParty(entry, cwd) : known.get(entry)
      if (product === undefined) {
        const near = nearMiss(entry, known.keys())
        mistakes.push(`PRODUCTS: entry ${i + 1} is no product; ${near ? `did you mean ${near}?` : `there are ${[...known.keys()].join(', ')}`}`)
      } else if (products.some(other => describe(other).name === describe(product).name)) {
        mistakes.push(`PRODUCTS: entry ${i + 1} is a second product called ${describe(product).name}; keep one`)
      } else {
        products.push(product)
      }
    } catch (error) {
      mistakes.push(`PRODUCTS: the plugin ${entry} cannot be loaded: ${error instanceof Error ? error.message : 'it threw no Error'}`)
    }
  }
  const all = [...new Set([...known.values(), ...products])]
  if (entries.some(isThirdParty)) mistakes.push(...clashes(all))
  return { products, known: all, mistakes }
}

function isThirdParty (entry: string): boolean {
  return /^[@.]/.test(entry)
}

/** What a policy may say of all products stands in one schema, in which two of them can contradict each other. */
function clashes (products: Product[]): string[] {
  try {
    mustFitTogether(products.map(describe))
    return []
  } catch (error) {
    return [`PRODUCTS: the plugins' allow schemas cannot be read together: ${(error as Error).message}`]
  }
}

async function thirdParty (entry: string, cwd: string): Promise<Product> {
  const url = entry.startsWith('.') ? pathToFileURL(resolve(cwd, entry)).href : await fromPackages(entry, cwd)
  const { default: product } = await import(url) as { default?: unknown }
  if (!isProduct(product)) throw new TypeError('its default export is not made by defineProduct()')
  mustFit(describe(product))
  return product
}

/** A package is found from the operator's folder, and else beside the broker, where a global install puts it. */
async function fromPackages (entry: string, cwd: string): Promise<string> {
  const { resolve: resolveModule } = await import('import-meta-resolve')
  try {
    return resolveModule(entry, pathToFileURL(resolve(cwd, 'package.json')).href)
  } catch {
    return entry
  }
}
