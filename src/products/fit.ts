import type { ProductDescription } from './contract.js'
import { mustBeSchema, validatorOf } from '../lib/ajv.js'

/**
 * Compiles a product's schemas as the running broker does, so that a faulty one is refused when the product is loaded.
 * @throws TypeError that names the field at fault
 */
export function mustFit (description: ProductDescription): void {
  const { settings, body, entry } = description
  within('settings', () => mustBeSchema(settings, 'settings'))
  for (const schema of [body, entry]) {
    within('request', () => {
      mustBeSchema(schema, 'request')
      validatorOf(schema)
    })
  }
  within('allow', () => mustFitTogether([description]))
}

/**
 * Compiles the `allow` schemas of several products together, as the policy's schema does.
 * @throws TypeError
 */
export function mustFitTogether (descriptions: ProductDescription[]): void {
  const properties = Object.fromEntries(descriptions.map(({ name, allow }) => [name, allow]))
  // At the same depth as in the policy's schema, where a reference to the root of `allow` does not resolve.
  mustBeSchema({ type: 'object', properties }, 'policy')
}

function within (field: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new TypeError(`${field}: ${(error as Error).message}`)
  }
}
