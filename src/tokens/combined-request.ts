import { validatorOf } from '../lib/ajv.js'
import { isRecord } from '../lib/is-record.js'
import { Type, type Static } from '../lib/typebox.js'
import { invalidRequest, type Problem } from '../problems.js'
import type { EnabledProduct } from '../products/contract.js'
import { commonRequest } from '../products/schemas.js'
import type { Combiner, Named } from './combine.js'

/** The body of `POST /token`, for OpenAPI: with what each of the products may be asked. */
export function combinedRequest (products: EnabledProduct[]) {
  const entries = products.map(({ product: { name, entry } }) => [name, Type.Optional(entry)])
  return Type.Object({
    ...commonRequest.properties,
    products: Type.Optional(Type.Unsafe<Named>(Type.Object(Object.fromEntries(entries), {
      minProperties: 1,
      // A product that is not enabled is 404.
      additionalProperties: Type.Object({}),
      description: 'what each product is asked for, by its name; without it, all that the caller may have with nothing asked'
    }))),
    username: Type.Optional(Type.String({ description: 'with password, in the place of the Authorization header' })),
    password: Type.Optional(Type.String())
  }, { additionalProperties: false })
}

export type CombinedRequest = Static<ReturnType<typeof combinedRequest>>

const isWithoutEntries = validatorOf(Type.Object({
  ...combinedRequest([]).properties,
  products: Type.Optional(Type.Object({}, { minProperties: 1 }))
}, { additionalProperties: false }))

/** Checks each product's entry by the validator that was compiled when the product was loaded, so that a reload compiles nothing. */
export function combinedRequestProblem (body: unknown, combiner: Combiner): Problem | undefined {
  const errors = isWithoutEntries(body) ? [] : [...isWithoutEntries.errors!]
  if (isRecord(body) && isRecord(body.products)) errors.push(...combiner.faults(body.products))
  return errors.length === 0 ? undefined : invalidRequest(errors, 'body')
}
