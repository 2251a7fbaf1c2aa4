import { Type } from '../lib/typebox.js'
import type { LoadedProduct } from '../products/contract.js'
import { rules } from './rules.js'
import { allSettings, missingSetting, validate } from './validate.js'

/**
 * Checks one setting by itself.
 * @param products whose settings exist besides the broker's own
 * @returns what is wrong; undefined when nothing is
 */
export function valueMistake (name: string, value: string, products: LoadedProduct[] = []): string | undefined {
  const { properties } = allSettings(products).schema
  const { values, diagnostics } = validate(Type.Object({ [name]: properties[name]! }), { [name]: value }, missingSetting)
  return [...diagnostics, ...rules.flatMap(rule => rule(values, new Set()))].find(({ subject }) => subject === name)?.message
}
