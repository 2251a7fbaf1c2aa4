import type { Product, ProductRequests, TokenDetails } from './products.js'

/** A request as it is sent, and the last token for it. */
export interface Slot {
  path: string
  /** JSON whose properties are sorted, so that equal requests are equal texts. */
  body: string
  token?: string
  /** The broker's answer. */
  answer?: TokenDetails
  /** When to renew the token, and when it ends, by the clock of `now`. */
  due: number
  ends: number
  /** The running request. */
  pending?: Promise<void> | undefined
}

/** @throws {TypeError} `products` is neither the name of a product nor an object of several */
export function makeSlot (products: Product | ProductRequests, request: object): Slot {
  // Browsers treat "." or ".." as a step in the path, however it is encoded.
  const isName = typeof products === 'string' && !/^\.{0,2}$/.test(products)
  if (!isName && {}.toString.call(products) !== '[object Object]') throw new TypeError('No product is named.')
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
  // An array as the second argument sorts the properties on all levels.
  return JSON.stringify(value, names.sort())
}
