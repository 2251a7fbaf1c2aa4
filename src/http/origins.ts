/** The origins whose pages may use the broker. */
export interface Origins {
  has (origin: string): boolean
}

/**
 * The broker's own origins: the address it listens on, and the names of loopback with that port. Never what a Host header
 * says: in DNS rebinding the attacker chooses that.
 */
export function originsOf (scheme: 'http' | 'https', host: string, port: number): string[] {
  const names = [host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]']
  return names.map(name => new URL(`${scheme}://${name}:${port}`).origin)
}
