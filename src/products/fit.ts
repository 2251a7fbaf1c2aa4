import type { ProductDescription } from './contract.js'
import { mustBeSchema, validatorOf } from '../lib/ajv.js'

/**
 * Compiles a product's schemas as the broker does that serves it, so that what cannot be served is refused when it is loaded.
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
 * The same of what the policy file may say of several products at once.
 * @throws TypeError
 */
export function mustFitTogether (descriptions: ProductDescription[]): void {
  const properties = Object.fromEntries(descriptions.map(({ name, allow }) => [name, allow]))
  // As deep as in the policy's schema: a reference from the root of `allow` leads nowhere there.
  mustBeSchema({ type: 'object', properties }, 'policy')
}

function within (field: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new TypeError(`${field}: ${(error as Error).message}`)
  }
}
