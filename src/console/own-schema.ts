import type { Offer, Offers, Schema } from './available-products.js'
import type { Field } from './fields.js'
import type { Entry } from './reference.js'
import { fieldsOf, sharedFieldsOf } from './request-form.js'

/** What the caller may ask of the product of an operation; undefined where there is no product, or none that it may have. */
export function ownFields ({ operation: { tags: [product] = [] } }: Entry, { products, shared, bounds }: Offers): Field[] | undefined {
  const offer = products.find(({ name }) => name === product)
  return offer && [...fieldsOfOffer(offer), ...sharedFieldsOf(shared, bounds, [offer.allow])]
}

function fieldsOfOffer ({ properties, required, allow }: Offer): Field[] {
  return fieldsOf(properties, required, allow)
}

/** The schema of an operation's body, as far as the policy leaves it to the caller: the reference says the same as the form. */
export function ownBody (entry: Entry, schema: Schema, offers: Offers): Schema {
  const fields = ownFields(entry, offers)
  if (fields !== undefined) return ownSchema(fields)
  const { products, ...others } = schema.properties ?? {}
  if (products === undefined) return schema
  return { ...schema, properties: { products: ownProducts(products, offers), ...ownShared(others, offers) } }
}

/** Those that the caller may have, each with what it may ask of it. */
function ownProducts ({ properties, ...schema }: Schema, { products }: Offers): Schema {
  const own = products.map(offer => [offer.name, { ...properties?.[offer.name], ...ownSchema(fieldsOfOffer(offer)) }])
  return { ...schema, properties: Object.fromEntries(own) }
}

function ownShared (properties: Record<string, Schema>, { shared, bounds }: Offers): Record<string, Schema> {
  const others = Object.entries(properties).filter(([name]) => !(name in shared))
  return { ...ownSchema(sharedFieldsOf(shared, bounds, [])).properties, ...Object.fromEntries(others) }
}

function ownSchema (fields: Field[]): Schema {
  return {
    properties: Object.fromEntries(fields.map(field => [field.name, boundedSchema(field)])),
    required: fields.filter(({ required }) => required).map(({ name }) => name)
  }
}

function boundedSchema ({ kind, choices, policy, schema }: Field): Schema {
  if (policy === undefined) return schema
  return { ...schema, description: policy, ...(kind === 'choice' && schema.type === 'string' && choices.length > 0 && { enum: choices }) }
}

/** Why an operation never gives the caller a token, though it may have the product; undefined where it may give one. */
export function obstacleOf ({ body }: Entry, fields: Field[] = []): string | undefined {
  const forbidden = fields.filter(({ kind, choices }) => kind === 'choice' && choices.length === 0)
  const flags = fields.filter(({ schema }) => schema.type === 'boolean')
  // A product with switches needs one of them, and a name that the policy keeps to a list has to be of that list.
  if (forbidden.some(({ schema }) => schema.type !== 'boolean') || (flags.length > 0 && flags.every(flag => forbidden.includes(flag)))) {
    return `the policy allows you no ${forbidden.map(({ name }) => name).join(', ')}`
  }
  const needed = body === undefined ? fields.find(({ required }) => required) : undefined
  return needed && `a ${needed.name} has to be named. Use POST`
}
