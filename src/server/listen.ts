import { once } from 'node:events'
import { isIP, type AddressInfo, type Server } from 'node:net'
import { StartError } from './config.js'

/**
 * @returns the port, which the system chooses where PORT is 0
 * @throws StartError
 */
export async function listen (server: Server, host: string, port: number): Promise<number> {
  try {
    await once(server.listen({ host, port }), 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError([cannotListen(code, host, port)])
  }
  return (server.address() as AddressInfo).port
}

function cannotListen (code: string | undefined, host: string, port: number): string {
  const reasons: Record<string, string> = {
    EADDRINUSE: `PORT is taken by another process: ${addressOf(host, port)} is in use. End that process, or choose another port by PORT or --port`,
    EACCES: `PORT may not be used by this user: ${port} is below 1024. Choose one above 1023 by PORT or --port`,
    EADDRNOTAVAIL: 'HOST is not an address of this machine',
    ENOTFOUND: 'HOST is a name that does not resolve'
  }
  return reasons[code!] ?? `HOST and PORT cannot be listened on (${code})`
}

/** As a URL has it. */
export function addressOf (host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
