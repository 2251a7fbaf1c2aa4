import type { SecureContextOptions } from 'node:tls'
import type { Settings } from '../settings/schema.js'
import type { Findings } from '../settings/sources.js'
import { parseCertificate, readPair, readPem } from './tls-files.js'

export interface RedisTls extends Findings {
  /** Empty where Redis is trusted by the authorities of this machine and asks for no certificate. */
  options: SecureContextOptions
}

/** Reads the authority of Redis, and the certificate that the broker shows there. */
export async function readRedisTls (settings: Partial<Settings>, cwd: string): Promise<RedisTls> {
  const { REDIS_CA_FILE: file } = settings
  const { pair, mistakes, warnings } = await readPair({ cert: 'REDIS_CERT_FILE', key: 'REDIS_KEY_FILE' }, settings, cwd)
  const ca = file === undefined ? undefined : (await readPem('REDIS_CA_FILE', file, cwd, mistakes))?.bytes.toString()
  if (ca !== undefined) parseCertificate('REDIS_CA_FILE', ca, mistakes)
  return { options: { ...pair, ...(ca !== undefined && { ca }) }, mistakes, warnings }
}
