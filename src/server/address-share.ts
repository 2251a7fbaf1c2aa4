import { BlockList, isIP, type Socket } from 'node:net'
import { addressKeys } from '../limits/address-buckets.js'

/** Limits how many sockets one address may hold. As for request limits, an IPv6 /64 counts as one address, and a /48 as eight. */
export class AddressShare {
  readonly #max: number
  readonly #held = new Map<string, number>()
  #proxies = new BlockList()

  /** @param max sockets of one address */
  constructor (max: number) {
    this.#max = max
  }

  /** Sets the proxies, which carry the requests of many addresses and may hold all sockets. @param proxies IP addresses and CIDR ranges */
  exempt (proxies: string[]): void {
    this.#proxies = new BlockList()
    for (const proxy of proxies) {
      const [address, bits] = proxy.split('/') as [string, string?]
      const { family, width } = kindOf(address)
      this.#proxies.addSubnet(address, Number(bits ?? width), family)
    }
  }

  /** Counts a socket, or destroys it if its address has reached the limit. */
  admit (socket: Socket): void {
    const { remoteAddress: ip } = socket
    // A socket has no address once its client has disconnected.
    if (ip === undefined || this.#proxies.check(ip, kindOf(ip).family)) return
    const keys = addressKeys(ip)
    if (keys.some(({ key, times }) => this.#heldBy(key) >= this.#max * times)) {
      socket.destroy()
      return
    }
    for (const { key } of keys) this.#held.set(key, this.#heldBy(key) + 1)
    socket.once('close', () => { for (const { key } of keys) this.#release(key) })
  }

  #heldBy (key: string): number {
    return this.#held.get(key) ?? 0
  }

  #release (key: string): void {
    const held = this.#heldBy(key) - 1
    if (held === 0) this.#held.delete(key)
    else this.#held.set(key, held)
  }
}

function kindOf (ip: string) {
  return isIP(ip) === 6 ? { family: 'ipv6', width: 128 } as const : { family: 'ipv4', width: 32 } as const
}
