import type { Offers, Schema } from './available-products.js'
import { fieldOf, type Field } from './fields.js'
import type { Entry } from './reference.js'
import { fieldsOf, sharedFieldsOf } from './request-form.js'

/** What the caller may ask of the product of an operation; undefined where there is no product, or none that it may have. */
export function ownFields ({ operation: { tags: [product] = [] } }: Entry, { products, shared, bounds }: Offers): Field[] | undefined {
  const offer = products.find(({ name }) => name === product)
  return offer && [...fieldsOf(offer.properties, offer.required, offer.allow), ...sharedFieldsOf(shared, bounds, [offer.allow])]
}

/** The schema of a body, as far as the policy leaves it to the caller: the reference says the same as the form. */
export function ownSchema (fields: Field[]): Schema {
  return {
    properties: Object.fromEntries(fields.map(field => [field.name, boundedSchema(field)])),
    required: fields.filter(({ required }) => required).map(({ name }) => name)
  }
}

function boundedSchema ({ name, kind, choices, hint, required, schema }: Field): Schema {
  const isBounded = (kind === 'text' || kind === 'choice') && hint !== fieldOf(name, schema, required).hint
  if (!isBounded) return schema
  return { ...schema, description: hint, ...(kind === 'choice' && schema.type === 'string' && { enum: choices }) }
}
