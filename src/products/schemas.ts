import { tokenLife } from '../lib/twilio-limits.js'
import { Type, type TObject, type TSchema } from '../lib/typebox.js'

/** A Twilio SID: `prefix`, then 32 hexadecimal digits. https://www.twilio.com/docs/glossary/what-is-a-sid */
export function Sid (prefix: string) {
  return Type.String({ pattern: `^${prefix}[0-9a-fA-F]{32}$`, description: `${prefix} and 32 hexadecimal digits` })
}

/** A list of names in the policy; `*` in one stands for any run of characters, `{caller}` for the caller's name. */
export const Patterns = Type.Array(Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^([^{}]|\\{caller\\})*$',
  description: '1 to 256 characters, and no braces but those of {caller}'
}), {
  description: 'names, in which * stands for any run of characters and {caller} for the caller\'s name'
})

/** The keys of a map that may have any name: `Type.Record(AnyName, …)`. The keys of `Type.String()` hold no line break, so a key with one would go unchecked. */
export const AnyName = Type.String({ pattern: '^[\\s\\S]*$' })

/** For routes that take no query. */
export const noQuery = Type.Object({}, { additionalProperties: false })

/** Seconds that a caller may ask for, as a token's life. */
export const Ttl = Type.Integer({ minimum: tokenLife.min, maximum: tokenLife.max, description: 'seconds that the token lives' })

export interface ObjectParts {
  properties: Record<string, TSchema>
  /** Names of properties. */
  required?: readonly string[] | undefined
}

/** The body of a token request: a product's own properties, and the broker's. */
export function requestBody (request: ObjectParts): TObject {
  const properties = {
    ...request.properties,
    ttl: Ttl,
    // How long it may be is each product's to say, with a 422.
    identity: Type.String({ minLength: 1, description: 'the name inside the token; without it, your own' })
  }
  return closedObject({ properties, required: request.required })
}

/**
 * An object that takes nothing but these properties. Which are required is said by their names: a product may be written in
 * plain JSON Schema, or with another version of TypeBox, which marks what is optional in a way of its own.
 */
export function closedObject ({ properties, required = [] }: ObjectParts): TObject {
  const marked = Object.entries(properties).map(([name, schema]) => [name, required.includes(name) ? schema : Type.Optional(schema)])
  return Type.Object(Object.fromEntries(marked), { additionalProperties: false })
}
