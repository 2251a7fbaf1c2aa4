import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { readableByEveryone, writableByEveryone } from '../files/mode.js'
import { readFileOrPipe } from '../files/read.js'
import type { Settings } from '../settings/schema.js'

/** A certificate, with those between it and its root, and its private key, both in PEM form. */
export interface KeyPair {
  cert: string
  key: string
}

type FileSetting = 'TLS_CERT_FILE' | 'TLS_KEY_FILE'
type KeyFiles = { [Name in FileSetting]?: Settings[Name] | undefined }

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
  const read = async (name: FileSetting, file: string) => {
    const content = await readFileOrPipe(resolve(cwd, file)).catch(() => undefined)
    if (content === undefined) mistakes.push(`${name} names a file that cannot be read; check the path and its mode`)
    const writable = content && writableByEveryone(content.mode, { file, setting: name })
    if (writable !== undefined) mistakes.push(writable)
    return content
  }
  const [cert, key] = await Promise.all([read('TLS_CERT_FILE', TLS_CERT_FILE), read('TLS_KEY_FILE', TLS_KEY_FILE)])
  if (cert === undefined || key === undefined) return { pair: undefined, mistakes, warnings: [] }
  const pair = { cert: cert.bytes.toString(), key: key.bytes.toString() }
  const certificate = parse(() => asCertificate(pair.cert), mistakes, 'TLS_CERT_FILE holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)')
  const privateKey = parse(() => createPrivateKey(pair.key), mistakes, 'TLS_KEY_FILE holds no private key in PEM form, or one with a passphrase, which nobody is there to type')
  if (certificate === undefined || privateKey === undefined) return { pair: undefined, mistakes, warnings: [] }

  mistakes.push(...misfits(certificate, privateKey, pair))
  const readable = readableByEveryone(key.mode, { file: TLS_KEY_FILE, setting: 'TLS_KEY_FILE' })
  return {
    pair: mistakes.length === 0 ? pair : undefined,
    mistakes,
    warnings: [...outOfDate(certificate), ...(readable === undefined ? [] : [readable])]
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
