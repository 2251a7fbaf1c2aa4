import type { Static, TObject } from '../lib/typebox.js'
import type { Region } from '../lib/twilio-limits.js'

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
  /** `characters` in words, such as `letters and digits`. Default: the regular expression. */
  described?: string
}

/** One request for a grant, as far as the policy lets it through. */
export interface GrantContext<Settings = object, Request = object, Allow = object> {
  /** The product's own settings, as its schema reads them from the environment. */
  readonly settings: Settings
  /** The product's part of the request's body. */
  readonly request: Request
  /** The policy's entry for this product. `{}` allows all that the product is configured for. */
  readonly allow: Allow
  /** The name inside the token. */
  readonly identity: string
  /**
   * The one value that `property` may have. Without patterns it is whatever was asked for. With patterns it is what was
   * asked for, if one of them matches; with nothing asked, it is the only value that they leave.
   * @throws Problem 403 `not-allowed`, which names the property
   */
  choose (property: string, asked: string | undefined, patterns: string[] | undefined): string | undefined
}

export interface ProductDefinition<Settings extends TObject, Request extends TObject, Allow extends TObject> {
  /** Lower-case letters, digits and dashes: the last part of `/token/<name>`. */
  name: string
  /** Settings from the environment. The product is complete, and so on by default, once every required one is set. */
  settings: Settings
  /** Properties of the request's body, besides `ttl` and `identity`, which are the broker's. */
  request: Request
  /** What a policy rule may say of this product. */
  allow: Allow
  /** Default: 256 characters of any kind. */
  identity?: IdentityRule
  /** Twilio regions that serve the product. Default: all. */
  regions?: readonly Region[]
  /** Leaves the grant to another product that writes the same one, where the request names neither. Default: false. */
  defersGrant?: boolean
  /** @deprecated Use `defersGrant`. */
  yields?: boolean
  /** Makes the product's part of the token. Pure: the same context gives the same grant. Refuses with `forbid` and `badRequest`. */
  grant (context: GrantContext<Static<Settings>, Static<Request>, Static<Allow>>): Grant
}

/** A product as the broker sees it, whatever its settings and request are. */
export interface ProductDescription {
  readonly name: string
  readonly settings: TObject
  readonly request: TObject
  /** An object's schema that takes nothing but what it names. */
  readonly allow: object
  /** What the product's own route takes. Made once, so that it is compiled once. */
  readonly body: TObject
  /** What it takes in a request for several products; made once, too. */
  readonly entry: TObject
  readonly identity: IdentityRule
  readonly regions: readonly Region[]
  readonly defersGrant: boolean
  /** @throws TypeError that names the product, when what the product returns is no grant */
  grant (context: GrantContext): Grant
}

/**
 * Fastify's handler of a route. Neither this nor the scope names a type of Fastify's: a product compiles beside whatever
 * version its author has.
 */
type RouteHandler = (request: never, reply: never) => unknown

/** The part of a Fastify instance that a product uses. */
export interface ProductScope {
  get (path: string, options: object, handler: RouteHandler): unknown
  post (path: string, options: object, handler: RouteHandler): unknown
}

export interface ProductOptions {
  /** The way from a body to a token, the same for every product and out of its reach: policy, grant, signature, audit. */
  handler: RouteHandler
}

/** The same for all copies of this package: a product may come with one of its own. */
export const description = Symbol.for('twilio-token-broker.product')

export type ProductPlugin = (scope: ProductScope, options: ProductOptions) => Promise<void>

/** A Fastify plugin that adds `POST` and `GET /<name>` where it is registered, and carries its own description. */
export type Product = ProductPlugin & { readonly [description]: ProductDescription }

/** A product of which the broker has read the description. */
export interface LoadedProduct extends ProductDescription {
  readonly plugin: Product
}

/** A product that is on, with its own settings. */
export interface EnabledProduct {
  product: LoadedProduct
  settings: object
}
