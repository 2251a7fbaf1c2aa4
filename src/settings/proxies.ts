import { isIPv4 } from 'node:net'
import { ipNumber } from '../lib/ip-number.js'

/** Addresses as numbers of 128 bits. IPv4 addresses are mapped into IPv6 (::ffff:a.b.c.d). */
interface Range {
  start: bigint
  /** The first address after the range. */
  end: bigint
}

interface Internet {
  all: Range
  /** Parts without public addresses: https://www.iana.org/assignments/iana-ipv4-special-registry */
  special: Range[]
}

const internets: Internet[] = [
  {
    all: rangeOf('0.0.0.0/0'),
    special: ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'].map(rangeOf)
  },
  { all: rangeOf('2000::/3'), special: [] }
]

/**
 * Whether these addresses and CIDR ranges, each of the right form, together hold at least half of all public addresses of
 * IPv4 or of IPv6. Nobody has so many proxies, and a list of nearly all addresses is as dangerous as one of all.
 */
export function holdsEverybody (entries: string[]): boolean {
  const ranges = entries.map(rangeOf)
  return internets.some(({ all, special }) => {
    const unused = sizeOf(special, all)
    const held = sizeOf([...ranges, ...special], all) - unused
    return held * 2n >= sizeOf([all], all) - unused
  })
}

/** How many addresses the ranges hold together, each counted once. */
function sizeOf (ranges: Range[], within: Range): bigint {
  let size = 0n
  let reached = within.start
  for (const { start, end } of [...ranges].sort((one, other) => one.start < other.start ? -1 : 1)) {
    const from = start > reached ? start : reached
    const to = end < within.end ? end : within.end
    if (to <= from) continue
    size += to - from
    reached = to
  }
  return size
}

function rangeOf (entry: string): Range {
  const [address = '', bits] = entry.split('/')
  const width = isIPv4(address) ? 32 : 128
  const hostBits = BigInt(width - Number(bits ?? width))
  const start = ipNumber(address) >> hostBits << hostBits
  return { start, end: start + (1n << hostBits) }
}
