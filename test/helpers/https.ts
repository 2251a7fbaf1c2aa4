import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { selfSigned } from '../fakes/twilio/certificate.js'
import { startBroker } from './broker.js'

/** Certificate and key as two files, which is what certbot and the like write. */
function keyPair (name = 'localhost') {
  const pem = selfSigned(name)
  const at = pem.indexOf('-----BEGIN CERTIFICATE-----')
  return { 'cert.pem': pem.slice(at), 'key.pem': pem.slice(0, at) }
}
export const [first, second] = [keyPair(), keyPair()]
export const secure = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' }
export const startSecure = (settings: Record<string, string> = {}) => startBroker({ settings: { ...secure, ...settings }, files: first })

/** A connection that believes one certificate alone. */
export async function handshake (url: string, options: object = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), servername: 'localhost', ...options })
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}
