import type { FastifyPluginAsync, RouteHandlerMethod } from 'fastify'
import { Type, type Static, type TObject } from './lib/typebox.js'
import { notAllowed, problem } from './problems.js'
import { closed } from './products/closed.js'

export { Type }

declare module 'fastify' {
  interface FastifyInstance {
    /** The way from a body to a token: policy, grant, signature, audit. The same for every product, and out of its reach. */
    tokenHandler (product: Product): RouteHandlerMethod
  }

  interface FastifyContextConfig {
    /** The product that the route gives tokens of. */
    product?: string
  }
}

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

/** The keys of a map that names what it likes: `Type.Record(AnyName, …)`. Those of `Type.String()` hold no line break, so that what one with a break stands for would be anything. */
export const AnyName = Type.String({ pattern: '^[\\s\\S]*$' })

/** What ends up in the token: twilio's own grants are of this form. */
export interface Grant {
  /** The grant's name among the token's grants. */
  key: string
  toPayload (): object
}

/** What a product accepts as the token's identity. */
export interface IdentityRule {
  /** Characters, at most. */
  maxLength: number
  /** Matches one character that may stand in it. */
  characters?: RegExp
  /** `characters` in words. */
  described?: string
}

/** One request for a grant, as the policy let it through so far. */
export interface Ask<Settings, Request, Allow> {
  readonly settings: Settings
  readonly request: Request
  /** The policy's entry for this product. `{}` is all that the product is configured for. */
  readonly allow: Allow
  /** The name inside the token. */
  readonly identity: string
  /**
   * The one name that `property` may have: what was asked for, if a pattern matches it; with nothing asked, the only
   * name that the patterns leave. Without patterns, whatever was asked for.
   * @throws Problem `not-allowed`, naming the property
   */
  choose (property: string, asked: string | undefined, patterns: string[] | undefined): string | undefined
}

export interface ProductDefinition<Settings extends TObject, Request extends TObject, Allow extends TObject> {
  /** Lower-case letters, digits and dashes: the last part of `/token/<name>`. */
  name: string
  /** Settings from the environment. The product is complete, and so on by default, once every required one is there. */
  settings: Settings
  /** Properties of the request's body, besides `ttl` and `identity`, which are the broker's. */
  request: Request
  /** What a policy rule may say of this product. */
  allow: Allow
  /** Default: 256 characters of any kind. */
  identity?: IdentityRule
  /** Twilio regions that serve the product. Default: all. */
  regions?: readonly string[]
  /** Leaves the grant to another product that writes the same one, where nobody named either. */
  yields?: boolean
  /** Pure: the same ask gives the same grant. Refuses with `refuse` and `invalid`. */
  grant (ask: Ask<Static<Settings>, Static<Request>, Static<Allow>>): Grant
}

/** A product as the broker sees it, whatever its settings and request are. */
export type ProductDescription = Omit<ProductDefinition<TObject, TObject, TObject>, 'identity' | 'grant'> & {
  identity: IdentityRule
  /** What its own route takes. Made once, so that it is compiled once. */
  body: TObject
  /** What it takes in a request for several products; made once too. */
  entry: TObject
  grant (ask: Ask<object, object, object>): Grant
}

const description = Symbol.for('twilio-token-broker.product')
const reserved = ['ttl', 'identity', 'products', 'username', 'password']

/** A Fastify plugin that adds `POST` and `GET /<name>` where it is registered, and carries its own description. */
export type Product = FastifyPluginAsync & { readonly [description]: ProductDescription }

/**
 * Makes a product plugin. Everything is inferred, so a misspelt property is a compile error.
 *
 * @example
 * export default defineProduct({
 *   name: 'video',
 *   settings: Type.Object({}),
 *   request: Type.Object({ room: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })) }),
 *   allow: Type.Object({ rooms: Type.Optional(Patterns) }),
 *   grant: ({ request, allow, choose }) => new VideoGrant({ room: choose('room', request.room, allow.rooms) })
 * })
 * @throws TypeError for a name or a request property that is the broker's
 */
export function defineProduct<Settings extends TObject, Request extends TObject, Allow extends TObject> (
  definition: ProductDefinition<Settings, Request, Allow>
): Product {
  const { name, request } = definition
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new TypeError('a product\'s name has lower-case letters, digits and dashes')
  }
  const taken = reserved.filter(property => property in request.properties)
  if (taken.length > 0) {
    throw new TypeError(`product ${name}: ${taken.join(', ')} in a request is the broker's own`)
  }

  const body = requestBody(request)
  const entry = Type.Object(request.properties, { additionalProperties: false })
  const product: Product = Object.assign<FastifyPluginAsync, { [description]: ProductDescription }>(
    async scope => {
      const handler = scope.tokenHandler(product)
      const config = { product: name }
      scope.post(`/${name}`, { config, schema: { summary: `A token for ${name}`, body, querystring: noQuery } }, handler)
      scope.get(`/${name}`, { config, schema: { summary: `A token for ${name}, with nothing asked`, querystring: noQuery } }, handler)
    },
    // Erasing the type parameters is sound: the broker hands `grant` only what these same schemas accepted.
    { [description]: { identity: { maxLength: 256 }, ...definition, allow: closed(definition.allow), body, entry } as unknown as ProductDescription }
  )
  return product
}

/** For routes that take no query. */
export const noQuery = Type.Object({}, { additionalProperties: false })

/** The body of a token request: a product's own properties, and the broker's. */
export function requestBody (request: TObject) {
  return Type.Object({
    ...request.properties,
    ttl: Type.Optional(Type.Integer({ minimum: 180, maximum: 86400, description: 'seconds that the token lives' })),
    // How long it may be is each product's to say, with a 422.
    identity: Type.Optional(Type.String({ minLength: 1, description: 'the name inside the token; without it, your own' }))
  }, { additionalProperties: false })
}

export function describe (product: Product): ProductDescription {
  return product[description]
}

export function isProduct (value: unknown): value is Product {
  return typeof value === 'function' && description in value
}

/** Refuses what the policy, or the operator's settings, do not allow: 403, naming the property. */
export function refuse (property: string, sentence: string): never {
  throw notAllowed(property, sentence)
}

/** Refuses what makes no sense whoever asks: 400. */
export function invalid (property: string, message: string): never {
  throw problem('request-invalid', { errors: [{ path: `/${property}`, message }] })
}

/** Whether something that may be switched on is: as asked, or with nothing asked as allowed. */
export function permit (property: string, asked: boolean | undefined, allowed: boolean): boolean {
  if (asked && !allowed) refuse(property, 'not allowed for this caller')
  return asked ?? allowed
}

/** As `choose`, for values that go by names of their own: with patterns, a name that has none is refused. */
export function chooseEach (
  choose: Ask<object, object, object>['choose'],
  property: string,
  asked: Record<string, string> = {},
  patterns: Record<string, string[]> | undefined
): void {
  for (const [name, value] of Object.entries(asked)) {
    if (patterns && !Object.hasOwn(patterns, name)) refuse(property, 'one that is not allowed for this caller')
    choose(property, value, patterns?.[name])
  }
}
