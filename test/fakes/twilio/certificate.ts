import { execFileSync } from 'node:child_process'

/**
 * A key and a certificate that it signed itself, in one PEM text. Made anew each time, so that no private key lies in the repository.
 * @param names all that it is for, as OpenSSL writes them
 */
export function selfSigned (name: string, names = `DNS:${name}`) {
  return execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', '-', '-out', '-', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-days', '2'
  ], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}
