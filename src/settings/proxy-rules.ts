import { isIP } from 'node:net'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { list } from './list.js'
import { holdsEverybody } from './proxies.js'
import { invalid, type Rule } from './rule.js'

const ANYBODY = 'anybody could claim any address'

/** Checks TRUST_PROXY. A trusted proxy decides which client address counts, so the list must not include everybody. */
export const proxyMistakes: Rule = ({ TRUST_PROXY: proxies }) => {
  if (/^(\d+|true)$/i.test(proxies ?? '')) return [insecure(`must list the proxies' addresses: with a number or true ${ANYBODY}`)]
  const mistakes = list(proxies).flatMap((entry, i) => [
    ...(isCidr(entry) ? [] : [invalid('TRUST_PROXY', `: entry ${i + 1} must be an IP address or a CIDR range`)]),
    ...(isCidr(entry) && /\/0+$/.test(entry) ? [insecure(`: entry ${i + 1} contains every address: ${ANYBODY}`)] : [])
  ])
  if (mistakes.length > 0) return mistakes
  return holdsEverybody(list(proxies)) ? [insecure(`: the ranges together are half of all public addresses or more: ${ANYBODY}; list the proxies alone`)] : []
}

function insecure (says: string): Diagnostic {
  return mistake('TRUST_PROXY', 'insecure', `TRUST_PROXY${says.startsWith(':') ? '' : ' '}${says}`)
}

/** Bits of an address, by its family. */
const ADDRESS_BITS: Record<number, number> = { 4: 32, 6: 128 }

function isCidr (entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= ADDRESS_BITS[family]!)
}
