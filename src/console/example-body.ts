import type { Allow, Bounds, Offers } from './available-products.js'
import { isList, nameWithin } from './field-bounds.js'
import type { Entry } from './reference.js'

type Body = Record<string, unknown>

/** The example of an operation's body, of what the policy lets the caller ask for. Undefined where it takes none. */
export function exampleFor ({ operation: { tags: [product] = [] }, body }: Entry, { products: offers, bounds }: Offers): Body | undefined {
  if (body === undefined) return undefined
  const { ttl, products, ...own } = (body.example ?? {}) as Body & { ttl?: number, products?: Record<string, Body> }
  const allowOf = (name: string | undefined) => offers.find(offer => offer.name === name)?.allow
  const named = Object.entries(products ?? {}).flatMap(([name, asked]): Array<[string, Body]> => {
    const allow = allowOf(name)
    return allow === undefined ? [] : [[name, within(asked, allow)]]
  })
  const most = Math.min(bounds.maxTtl, ...[product, ...named.map(([name]) => name)].map(name => allowOf(name)?.maxTtl ?? Infinity))
  return {
    ...(named.length > 0 && { products: Object.fromEntries(named) }),
    ...within(own, allowOf(product) ?? {}),
    ...(ttl !== undefined && { ttl: Math.min(ttl, most) })
  }
}

/** The example of an answer as the caller would get it now. @param asked the example of the body */
export function ownAnswer (example: unknown, asked: Body | undefined, { identity, ttl }: Bounds): unknown {
  if (typeof example !== 'object' || example === null || !('identity' in example)) return example
  const expiresIn = 'token' in example ? Number(asked?.ttl ?? ttl) : Number((example as Body).expiresIn)
  const now = Math.floor(Date.now() / 1000)
  const expiresAt = new Date((now + expiresIn) * 1000).toISOString()
  return { ...example, identity, expiresIn, expiresAt, ...('now' in example && { now }) }
}

/**
 * What a product's example asks for, with texts that the policy lists. Nothing in particular where it asks for a flag that the policy
 * forbids.
 */
function within (asked: Body, allow: Allow): Body {
  const hasFlags = Object.values(allow).some(value => typeof value === 'boolean')
  if (hasFlags && Object.entries(asked).some(([name, value]) => typeof value === 'boolean' && allow[name] !== value)) return {}
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, listed(allow[`${name}s`]) ?? listedByName(allow[name]) ?? value]))
}

function listed (names: unknown): string | undefined {
  return isList(names) && names.length > 0 ? nameWithin(names) : undefined
}

/** For a map of texts, each with its own list. */
function listedByName (lists: unknown): Record<string, string> | undefined {
  if (typeof lists !== 'object' || lists === null) return undefined
  return Object.fromEntries(Object.entries(lists).flatMap(([name, names]) => {
    const text = listed(names)
    return text === undefined ? [] : [[name, text]]
  }))
}
