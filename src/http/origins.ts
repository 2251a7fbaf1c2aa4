/** The origins whose pages may use the broker. */
export interface Origins {
  has (origin: string): boolean
}

/**
 * Returns the broker's own origins: the address it listens on, and the loopback names with that port. The Host header is not used: in DNS
 * rebinding the attacker chooses it.
 */
export function originsOf (scheme: 'http' | 'https', host: string, port: number): string[] {
  const names = [host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]']
  return names.map(name => new URL(`${scheme}://${name}:${port}`).origin)
}
