import type { Static, TObject } from '../lib/typebox.js'
import type { Region } from '../lib/twilio-limits.js'

/** A product's part of a token. The grant classes of Twilio's helper library (`twilio.jwt.AccessToken`) have this form. */
export interface Grant {
  /** The name of the grant in the token, such as `video`. Not empty, and not `identity`. */
  key: string
  /** Returns the content of the grant: an object that JSON can express. */
  toPayload (): object
}

/** The identities that a product accepts. */
export interface IdentityRule {
  /** Maximum number of characters, counted as Unicode code points. */
  maxLength: number
  /** Matches one allowed character. Default: any. */
  characters?: RegExp
  /** `characters` in words, such as `letters and digits`. Default: the regular expression. */
  described?: string
}

/** What `grant` gets: a validated request that the policy does not refuse as a whole. */
export interface GrantContext<Settings = object, Request = object, Allow = object> {
  /** The product's own settings, as its schema reads them from the environment. */
  readonly settings: Settings
  /** The product's part of the request's body. */
  readonly request: Request
  /** The policy's entry for this product. `{}` allows all that the product is configured for. */
  readonly allow: Allow
  /** The name inside the token, as `IDENTITY_FORM` writes it. */
  readonly identity: string
  /**
   * Returns the value to use for `property`. Without patterns, that is the requested value. With patterns, it is the requested value if one
   * of them matches; if nothing was requested, it is the only value that they allow.
   * @param property the name of the property, for the refusal
   * @param asked the requested value
   * @param patterns from `allow`; undefined allows every value
   * @returns undefined if nothing was requested and there are no patterns
   * @throws Problem 403 `not-allowed`, which names the property
   * @example const room = choose('room', request.room, allow.rooms)
   */
  choose (property: string, asked: string | undefined, patterns: string[] | undefined): string | undefined
}

/** What `defineProduct` takes. The three schemas decide the types of `grant`'s context. */
export interface ProductDefinition<Settings extends TObject, Request extends TObject, Allow extends TObject> {
  /** Lower-case letters, digits and dashes: the last part of `/token/<name>`. */
  name: string
  /** Settings from the environment, in upper case. Unless PRODUCTS is set, the product is enabled once every required setting is set. */
  settings: Settings
  /** Properties of the request's body, in addition to `ttl` and `identity`, which the broker handles. */
  request: Request
  /** Properties of the product's entry in a policy rule. */
  allow: Allow
  /** Default: 256 characters of any kind. */
  identity?: IdentityRule
  /** Twilio regions that serve the product: `us1`, `ie1`, `au1`. Default: all. */
  regions?: readonly Region[]
  /** If a request names no product, leaves this grant to another product that writes the same one. Default: false. */
  defersGrant?: boolean
  /** @deprecated Use `defersGrant`. */
  yields?: boolean
  /**
   * Creates the product's part of the token. Must be synchronous and pure: the same context gives the same grant, and the broker uses the
   * last one again for an equal request. Refuse with `forbid` or `badRequest`.
   * @throws Problem 403 or 400 to refuse the request; any other error is answered with 500 `internal`
   */
  grant (context: GrantContext<Static<Settings>, Static<Request>, Static<Allow>>): Grant
}

/** A product as the broker uses it, without the types of its schemas. */
export interface ProductDescription {
  readonly name: string
  readonly settings: TObject
  readonly request: TObject
  /** Refuses unknown properties. */
  readonly allow: object
  /** The body of the product's own route. Created once, so that it is compiled once. */
  readonly body: TObject
  /** The product's entry in a request for several products; created once, too. */
  readonly entry: TObject
  readonly identity: IdentityRule
  readonly regions: readonly Region[]
  readonly defersGrant: boolean
  /** @throws TypeError that names the product, if it returns no valid grant */
  grant (context: GrantContext): Grant
}

/**
 * Fastify's route handler. Uses none of Fastify's types, so that a product compiles with any version of Fastify.
 */
type RouteHandler = (request: never, reply: never) => unknown

/** The part of a Fastify instance that a product uses. */
export interface ProductScope {
  get (path: string, options: object, handler: RouteHandler): unknown
  post (path: string, options: object, handler: RouteHandler): unknown
}

export interface ProductOptions {
  /** Handles token requests: policy, grant, signature, audit. It is the same for every product, and no product can change it. */
  handler: RouteHandler
}

/** Equal in all copies of this package: a product may bring its own copy. */
export const description = Symbol.for('twilio-token-broker.product')

export type ProductPlugin = (scope: ProductScope, options: ProductOptions) => Promise<void>

/** A Fastify plugin that adds `POST` and `GET /<name>` where it is registered, and carries its own description. */
export type Product = ProductPlugin & { readonly [description]: ProductDescription }

/** A product with its description. */
export interface LoadedProduct extends ProductDescription {
  readonly plugin: Product
}

/** An enabled product with its settings. */
export interface EnabledProduct {
  product: LoadedProduct
  settings: object
}
