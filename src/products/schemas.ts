import { tokenLifetime } from '../lib/twilio-limits.js'
import { Type, type Static, type TObject, type TSchema } from '../lib/typebox.js'

/**
 * The schema of a Twilio SID: `prefix`, then 32 hexadecimal digits. https://www.twilio.com/docs/glossary/what-is-a-sid
 * @param prefix two letters, such as `WK`
 * @example request: Type.Object({ worker: Sid('WK') })
 */
export function Sid (prefix: string) {
  return Type.String({ pattern: `^${prefix}[0-9a-fA-F]{32}$`, description: `${prefix} and 32 hexadecimal digits` })
}

/**
 * The schema of a list of names in the policy, for a product's `allow`: `*` in a name stands for any run of characters, `{caller}` for the
 * caller's name. Pass the list to `choose`.
 * @example allow: Type.Object({ workers: Type.Optional(Patterns) })
 */
export const Patterns = Type.Array(Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^([^{}]|\\{caller\\})*$',
  description: '1 to 256 characters, and no braces but those of {caller}'
}), {
  description: 'names, in which * stands for any run of characters and {caller} for the caller\'s name'
})

/**
 * The schema of keys with any name: `Type.Record(AnyName, …)`. Do not use `Type.String()` there: it does not match a key with a line break,
 * so the value of such a key would not be checked.
 */
export const AnyName = Type.String({ pattern: '^[\\s\\S]*$' })

/** For routes without a query. */
export const noQuery = Type.Object({}, { additionalProperties: false })

/** The query of a token route: there is none. The `description` is the message to clients that send one, as Twilio's quickstarts do. */
export const noTokenQuery = Type.Object({}, {
  additionalProperties: false,
  description: 'no query is taken here; put what you ask for into the JSON body of a POST'
})

/** The properties that every token request may have. */
export const commonRequest = Type.Object({
  ttl: Type.Optional(Type.Integer({ minimum: tokenLifetime.min, maximum: tokenLifetime.max, description: 'seconds that the token lives, at most what TOKEN_TTL_MAX and the policy allow; default: TOKEN_TTL, or the policy\'s maxTtl if that is less', examples: [600] })),
  // Each product limits the length itself, with a 422.
  identity: Type.Optional(Type.String({ minLength: 1, description: 'the name inside the token; default: your own' }))
})

export type CommonRequest = Static<typeof commonRequest>

/** The answer to every token request. */
export const tokenAnswer = Type.Object({
  token: Type.String({ description: 'the Twilio access token, for the SDK', examples: ['eyJ…'] }),
  identity: Type.String({ description: 'the name inside the token', examples: ['susan'] }),
  expiresIn: Type.Integer({ description: 'seconds until the token ends', examples: [600] }),
  expiresAt: Type.String({ format: 'date-time', description: 'when the token ends, by the broker\'s clock', examples: ['2026-11-24T04:00:00.000Z'] }),
  products: Type.Optional(Type.Array(Type.String(), { description: 'of one token for several: which' }))
})

export type TokenAnswer = Static<typeof tokenAnswer>

export interface ObjectParts {
  properties: Record<string, TSchema>
  description?: string
  /** Names of properties. */
  required?: readonly string[] | undefined
}

/** The body of a token request: a product's own properties, and the broker's. */
export function requestBody ({ properties, required }: ObjectParts): TObject {
  return closedObject({ properties: { ...properties, ...commonRequest.properties }, required })
}

/**
 * The schema of an object with these properties only. Required properties are listed by name, because a product may be written in plain
 * JSON Schema, or with another version of TypeBox, which marks optional properties differently.
 */
export function closedObject ({ properties, required = [], description }: ObjectParts): TObject {
  const marked = Object.entries(properties).map(([name, schema]) => [name, required.includes(name) ? schema : Type.Optional(schema)])
  return Type.Object(Object.fromEntries(marked), { additionalProperties: false, ...(description !== undefined && { description }) })
}
