import { isIPv4 } from 'node:net'

/**
 * An IP address as a number of 128 bits. IPv4 addresses are mapped into IPv6 (`::ffff:a.b.c.d`). Ignores a zone such as `%eth0`.
 * @param address one that `isIP` accepts
 */
export function ipNumber (address: string): bigint {
  // In a URL's host, each address has one spelling, without a dotted part.
  const { hostname } = new URL(`http://[${isIPv4(address) ? `::ffff:${address}` : address.split('%', 1)[0]}]`)
  const [head = [], tail = []] = hostname.slice(1, -1).split('::').map(groups => groups.split(':').filter(group => group !== ''))
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return BigInt(`0x${groups.map(group => group.padStart(4, '0')).join('')}`)
}
