/** The broker's own products, and any other that it was given. */
export type Product = 'voice' | 'video' | 'chat' | 'sync' | 'conversations' | (string & {})

/** What may be asked for; the broker's documentation says which property goes with which product. */
export interface TokenRequest {
  /** Seconds, 180 to 86400. */
  ttl?: number
  /** A name that the policy lets this caller put into the token. */
  identity?: string
  /** Video. */
  room?: string
  /** Voice. */
  incoming?: boolean
  /** Voice. */
  outgoing?: boolean
  /** Voice: passed to the TwiML app. */
  params?: Record<string, string>
  /** Of a product that the broker was given. */
  [property: string]: unknown
}

/** One product, or several in one token, each with what is asked for in it. */
export type Products = Product | Partial<Record<Product, Omit<TokenRequest, 'ttl' | 'identity'>>>

/** A request as it goes over the wire. */
export interface Wanted {
  path: string
  body: object
}

export function wanted (products: Products, request: TokenRequest): Wanted {
  return typeof products === 'string'
    ? { path: `/token/${encodeURIComponent(products)}`, body: request }
    : { path: '/token', body: { ...request, products } }
}
