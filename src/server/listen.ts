import { once } from 'node:events'
import { isIP, type AddressInfo, type Server } from 'node:net'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { StartError } from './start-error.js'

/** The names of the settings and options of an address, for messages. */
interface SettingNames {
  host: string
  port: string
  /** How to choose another port. */
  otherPort: string
}

const mainServer: SettingNames = { host: 'HOST', port: 'PORT', otherPort: 'PORT or --port' }

/**
 * Makes a server listen.
 * @returns the port; if `port` is 0, the one that the system chose
 * @throws StartError that says which setting to change
 */
export async function listen (server: Server, host: string, port: number, names = mainServer): Promise<number> {
  try {
    await once(server.listen({ host, port }), 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartError([cannotListen(code, host, port, names)])
  }
  return (server.address() as AddressInfo).port
}

function cannotListen (code: string | undefined, host: string, port: number, names: SettingNames): Diagnostic {
  const reasons: Record<string, Diagnostic> = {
    EADDRINUSE: mistake(names.port, 'conflict', `${names.port} is taken by another process: ${addressOf(host, port)} is in use. End that process, or choose another port by ${names.otherPort}`),
    EACCES: mistake(names.port, 'invalid', `${names.port} may not be used by this user: ${whyDenied(port)} by ${names.otherPort}`),
    EADDRNOTAVAIL: mistake(names.host, 'invalid', `${names.host} is not an address of this machine`),
    ENOTFOUND: mistake(names.host, 'invalid', `${names.host} is a name that does not resolve`)
  }
  return reasons[code!] ?? mistake(names.host, 'invalid', `${names.host} and ${names.port} cannot be listened on (${code})`)
}

/** Only ports below 1024 are privileged everywhere. Others may be reserved by the system, or denied by a rule of it such as SELinux's. */
function whyDenied (port: number): string {
  return port < 1024 ? `${port} is below 1024. Choose one above 1023` : `the system reserves ${port} or denies it to this program. Choose another one`
}

/** Formats host and port as in a URL. */
export function addressOf (host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
