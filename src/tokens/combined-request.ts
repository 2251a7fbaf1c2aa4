import { validatorOf } from '../lib/ajv.js'
import { exampleOf } from '../lib/example-of.js'
import { isRecord } from '../lib/is-record.js'
import { Type, type Static } from '../lib/typebox.js'
import { invalidRequest, type Problem } from '../problems.js'
import type { EnabledProduct } from '../products/contract.js'
import { commonRequest } from '../products/schemas.js'
import type { GrantCombiner, ProductRequests } from './combine.js'

/** The schema of the body of `POST /token`, with the properties of all products, for OpenAPI. */
export function combinedRequest (products: EnabledProduct[]) {
  const entries = products.map(({ product: { name, entry } }) => [name, Type.Optional(entry)])
  // Two at most, and none that gives way to another: such two may not fit into one token.
  const example = products.filter(({ product }) => !product.defersGrant).slice(-2).map(
    ({ product: { name, entry } }) => [name, exampleOf(entry) ?? {}]
  )
  return Type.Object({
    ...commonRequest.properties,
    products: Type.Optional(Type.Unsafe<ProductRequests>(Type.Object(Object.fromEntries(entries), {
      minProperties: 1,
      // Accepts other names, so that a product that is not enabled is 404 instead of 400.
      additionalProperties: Type.Object({}),
      description: 'what is requested of each product, by its name; by default every product that the caller may have without a choice',
      ...(example.length > 0 && { examples: [Object.fromEntries(example)] })
    }))),
    username: Type.Optional(Type.String({ description: 'with password, instead of the Authorization header' })),
    password: Type.Optional(Type.String({ description: 'of username' }))
  }, { additionalProperties: false })
}

export type CombinedRequest = Static<ReturnType<typeof combinedRequest>>

const isWithoutEntries = validatorOf(Type.Object({
  ...combinedRequest([]).properties,
  products: Type.Optional(Type.Object({}, { minProperties: 1 }))
}, { additionalProperties: false }))

/**
 * Validates the body of `POST /token`. Uses the validators that were compiled when the products were loaded, so that a reload compiles
 * none.
 */
export function combinedRequestProblem (body: unknown, combiner: GrantCombiner): Problem | undefined {
  const errors = isWithoutEntries(body) ? [] : [...isWithoutEntries.errors!]
  if (isRecord(body) && isRecord(body.products)) errors.push(...combiner.validate(body.products))
  return errors.length === 0 ? undefined : invalidRequest(errors, 'body')
}
