import { isIP, isIPv4 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { ipNumber } from '../lib/ip-number.js'
import { ownCopy } from './keys.js'

/** A counter that an address counts in. */
export interface AddressKey {
  readonly key: string
  /** The counter's limit, as a multiple of the limit of one address. */
  readonly times: number
}

/** From the narrowest to the widest. */
export type AddressKeys = readonly [AddressKey, ...AddressKey[]]

/** One counter for all texts that are not an address (a header that a proxy passed on), so that inventing them gains nothing. */
const NO_ADDRESS: AddressKeys = [{ key: 'no-address', times: 1 }]

/** Parsing an IPv6 address takes as long as signing a token. */
const cache = new LRUCache<string, AddressKeys>({ max: 4096 })

/**
 * The counters of an address. An IPv4 address has one, also when it is written as IPv6. An IPv6 address has two: its /64, which is what one
 * customer gets, and its /48 with eight times the limit, because many providers give a customer a whole /48.
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

/** How a client shares resources with others: by its address (IPv6: the /64) and its network (IPv6: the /48; IPv4: the address itself). */
export interface ClientAddress {
  readonly address: string
  readonly network: string
}

export function clientAddress (ip: string): ClientAddress {
  const [{ key: address }, wide] = addressKeys(ip)
  return { address, network: wide?.key ?? address }
}

function parse (ip: string): AddressKeys {
  const number = ipNumber(ip)
  if (number >> 32n === 0xffffn) return [{ key: ipv4Text(Number(number & 0xffffffffn)), times: 1 }]
  return [{ key: networkText(number, 64), times: 1 }, { key: `${networkText(number, 48)}/48`, times: 8 }]
}

function ipv4Text (number: number): string {
  return [24, 16, 8, 0].map(shift => number >>> shift & 0xff).join('.')
}

/** The first `bits` bits of an IPv6 address as RFC 5952 writes them, such as `2001:db8::`. */
function networkText (number: bigint, bits: 48 | 64): string {
  const digits = (number >> BigInt(128 - bits)).toString(16).padStart(bits / 4, '0')
  return new URL(`http://[${digits.match(/.{4}/g)!.join(':')}::]`).hostname.slice(1, -1)
}
