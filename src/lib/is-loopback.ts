import { isIP } from 'node:net'

/** Whether a host is this machine itself, so that what is sent there crosses no network. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
