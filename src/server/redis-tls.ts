import type { SecureContextOptions } from 'node:tls'
import type { Diagnostic } from '../lib/diagnostic.js'
import type { Settings } from '../settings/schema.js'
import { parseCertificate, readPair, readPem } from './tls-files.js'

export interface RedisTls {
  /** Empty if Redis is verified by this machine's authorities and requires no client certificate. */
  options: SecureContextOptions
  diagnostics: Diagnostic[]
}

/** Reads the authority of Redis, and the certificate that the broker presents to it. */
export async function readRedisTls (settings: Partial<Settings>, cwd: string): Promise<RedisTls> {
  const { REDIS_CA_FILE: file } = settings
  const { pair, diagnostics } = await readPair({ cert: 'REDIS_CERT_FILE', key: 'REDIS_KEY_FILE' }, settings, cwd)
  const authority = file === undefined ? undefined : await readPem('REDIS_CA_FILE', file, cwd)
  const ca = authority?.content?.bytes.toString()
  const ofAuthority = ca === undefined ? [] : parseCertificate('REDIS_CA_FILE', ca).diagnostics
  return {
    options: { ...pair, ...(ca !== undefined && { ca }) },
    diagnostics: [...diagnostics, ...authority?.diagnostics ?? [], ...ofAuthority]
  }
}
