import type { Product, ProductRequests, TokenDetails } from './products.js'

/** A request as it goes over the wire, and the token that it last brought. */
export interface Slot {
  path: string
  /** JSON whose properties are sorted, so that equal requests are equal texts. */
  body: string
  token?: string
  /** What the broker said of it. */
  answer?: TokenDetails
  /** When a new one is due, and when this one ends, on the clock of `now`. */
  due: number
  ends: number
  /** The request, while it is under way. */
  pending?: Promise<void> | undefined
}

/** @throws {TypeError} `products` is neither the name of a product nor an object of several */
export function makeSlot (products: Product | ProductRequests, request: object): Slot {
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
