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

/** A request as it goes over the wire, and the token that it last brought. */
export interface Slot {
  path: string
  /** JSON whose properties are sorted, so that equal requests are equal texts. */
  body: string
  token?: string
  /** When a new one is due, and when this one ends, on the clock of `now`. */
  due: number
  ends: number
  /** The request, while it is under way. */
  pending?: Promise<void> | undefined
}

/** @throws {TypeError} `products` is neither the name of a product nor an object of several */
export function makeSlot (products: Products, request: TokenRequest): Slot {
  // A browser takes the name "." or ".." for a step in the path, however it is encoded.
  const isName = typeof products === 'string' && !/^\.{0,2}$/.test(products)
  if (!isName && {}.toString.call(products) !== '[object Object]') throw new TypeError('This names no product.')
  return {
    path: isName ? `/token/${encodeURIComponent(products)}` : '/token',
    body: sorted(isName ? request : { ...request, products }),
    due: 0,
    ends: 0
  }
}

function sorted (value: object): string {
  const names: string[] = []
  JSON.stringify(value, (name, item) => {
    names.push(name)
    return item
  })
  // An array in this place gives the properties of all levels their order.
  return JSON.stringify(value, names.sort())
}
