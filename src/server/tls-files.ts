import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Settings } from '../settings/schema.js'

/** A certificate, with those between it and its root, and its private key, both in PEM form. */
export interface KeyPair {
  cert: string
  key: string
}

type KeyFiles = Pick<Settings, 'TLS_CERT_FILE' | 'TLS_KEY_FILE'>

export interface ReadKeys {
  /** Undefined with mistakes, and where no files are named. */
  pair: KeyPair | undefined
  /** One sentence each, by the setting's name. */
  mistakes: string[]
  warnings: string[]
}

/** Reads the pair and looks for whatever would make handshakes fail later. */
export async function readKeys ({ TLS_CERT_FILE, TLS_KEY_FILE }: KeyFiles, cwd: string): Promise<ReadKeys> {
  const mistakes: string[] = []
  // One alone is a mistake by now.
  if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined) return { pair: undefined, mistakes, warnings: [] }
  const read = async (name: keyof KeyFiles, file: string) => {
    try {
      return await readFile(resolve(cwd, file), 'utf8')
    } catch {
      mistakes.push(`${name} names a file that cannot be read; check the path and its mode`)
    }
  }
  const [cert, key] = await Promise.all([read('TLS_CERT_FILE', TLS_CERT_FILE), read('TLS_KEY_FILE', TLS_KEY_FILE)])
  const certificate = cert === undefined ? undefined : parse(() => asCertificate(cert), mistakes, 'TLS_CERT_FILE holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)')
  const privateKey = key === undefined ? undefined : parse(() => createPrivateKey(key), mistakes, 'TLS_KEY_FILE holds no private key in PEM form, or one with a passphrase, which nobody is there to type')
  if (certificate === undefined || privateKey === undefined) return { pair: undefined, mistakes, warnings: [] }

  const pair = { cert: cert!, key: key! }
  mistakes.push(...misfits(certificate, privateKey, pair))
  return {
    pair: mistakes.length === 0 ? pair : undefined,
    mistakes,
    warnings: [...outOfDate(certificate), ...await looseMode(TLS_KEY_FILE, cwd)]
  }
}

function parse<T> (read: () => T, mistakes: string[], mistake: string): T | undefined {
  try {
    return read()
  } catch {
    mistakes.push(mistake)
    return undefined
  }
}

function asCertificate (text: string): X509Certificate {
  // It would take the binary form too, which a handshake does not.
  if (!text.includes('-----BEGIN ')) throw new TypeError('not PEM')
  return new X509Certificate(text)
}

function misfits (certificate: X509Certificate, key: KeyObject, pair: KeyPair): string[] {
  if (!certificate.checkPrivateKey(key)) {
    return ['TLS_KEY_FILE does not hold the key of the first certificate in TLS_CERT_FILE; put the server\'s own certificate first, and its key beside it']
  }
  try {
    createSecureContext(pair)
    return []
  } catch (error) {
    return [`TLS_CERT_FILE and TLS_KEY_FILE are refused by OpenSSL (${(error as NodeJS.ErrnoException).code}); make a new pair`]
  }
}

function outOfDate ({ validFrom, validTo }: X509Certificate): string[] {
  const now = Date.now()
  if (Date.parse(validTo) < now) return ['TLS_CERT_FILE holds a certificate that has expired, so clients refuse it; renew it']
  if (Date.parse(validFrom) > now) return ['TLS_CERT_FILE holds a certificate that is not valid yet; check its dates and this machine\'s clock']
  return []
}

async function looseMode (file: string, cwd: string): Promise<string[]> {
  const { mode } = await stat(resolve(cwd, file))
  return mode & 0o004 ? [`everyone may read ${file}, which TLS_KEY_FILE names; run: chmod o= ${file}`] : []
}
