import { isIP, isIPv4 } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import { LRUCache } from 'lru-cache'
import { ownCopy } from './keys.js'

/** A bucket that an address counts in. */
export interface AddressKey {
  readonly key: string
  /** How many times the limit of one address this bucket may have. */
  readonly times: number
}

/** From the narrowest to the widest. */
export type AddressKeys = readonly [AddressKey, ...AddressKey[]]

/** What is no address (a header's text that a proxy let through) has one bucket in common, so that making it up wins nothing. */
const NO_ADDRESS: AddressKeys = [{ key: 'no-address', times: 1 }]

// To parse an IPv6 address costs 30 µs.
const cache = new LRUCache<string, AddressKeys>({ max: 4096 })

/**
 * The buckets of an address: an IPv4 one counts alone, also when written as IPv6; an IPv6 one with its /64, which is what one customer gets,
 * and with its /48, at eight times the limit, as many hand out one of those.
 */
export function addressKeys (ip: string): AddressKeys {
  if (isIPv4(ip)) return [{ key: ip, times: 1 }]
  const known = cache.get(ip)
  if (known !== undefined) return known
  if (isIP(ip) === 0) return NO_ADDRESS
  const keys = parse(ip)
  cache.set(ownCopy(ip), keys)
  return keys
}

/** What shares places with others: an address (IPv6: its /64), and its network (IPv6: its /48; an IPv4 address stands for itself). */
export interface ClientAddress {
  readonly address: string
  readonly network: string
}

export function clientAddress (ip: string): ClientAddress {
  const [{ key: address }, wide] = addressKeys(ip)
  return { address, network: wide?.key ?? address }
}

function parse (ip: string): AddressKeys {
  const narrow = ownCopy(normalizeIP(ip, 64))
  return isIP(narrow) === 4
    ? [{ key: narrow, times: 1 }]
    : [{ key: narrow, times: 1 }, { key: `${normalizeIP(ip, 48)}/48`, times: 8 }]
}
