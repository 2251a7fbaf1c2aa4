import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { readableByEveryone, writableByEveryone } from '../files/mode.js'
import { readFileOrPipe, type FileContent } from '../files/read.js'

/** A certificate, with those between it and its root, and its private key, both in PEM form. */
export interface KeyPair {
  cert: string
  key: string
}

/** The settings that name the files of a pair. */
interface PairSettings<Name extends string> {
  cert: Name
  key: Name
}

type KeyFiles<Name extends string> = { [Setting in Name]?: string | undefined }

export interface ReadKeys {
  /** Undefined with mistakes, and where no files are named. */
  pair: KeyPair | undefined
  /** One sentence each, by the setting's name. */
  mistakes: string[]
  warnings: string[]
}

/** Reads the broker's own pair, by which it serves HTTPS. */
export function readKeys (files: KeyFiles<'TLS_CERT_FILE' | 'TLS_KEY_FILE'>, cwd: string): Promise<ReadKeys> {
  return readPair({ cert: 'TLS_CERT_FILE', key: 'TLS_KEY_FILE' }, files, cwd)
}

/** Reads a pair and looks for whatever would make handshakes fail later. */
export async function readPair<Name extends string> (names: PairSettings<Name>, files: KeyFiles<Name>, cwd: string): Promise<ReadKeys> {
  const mistakes: string[] = []
  const { [names.cert]: certFile, [names.key]: keyFile } = files
  // One alone is a mistake by now.
  if (certFile === undefined || keyFile === undefined) return { pair: undefined, mistakes, warnings: [] }
  const [cert, key] = await Promise.all([readPem(names.cert, certFile, cwd, mistakes), readPem(names.key, keyFile, cwd, mistakes)])
  if (cert === undefined || key === undefined) return { pair: undefined, mistakes, warnings: [] }
  const pair = { cert: cert.bytes.toString(), key: key.bytes.toString() }
  const certificate = parseCertificate(names.cert, pair.cert, mistakes)
  const privateKey = parse(() => createPrivateKey(pair.key), mistakes, `${names.key} holds no private key in PEM form, or one with a passphrase, which nobody is there to type`)
  if (certificate === undefined || privateKey === undefined) return { pair: undefined, mistakes, warnings: [] }

  mistakes.push(...misfits(names, certificate, privateKey, pair))
  const readable = readableByEveryone(key.mode, { file: keyFile, setting: names.key })
  return {
    pair: mistakes.length === 0 ? pair : undefined,
    mistakes,
    warnings: [...outOfDate(names, certificate), ...(readable === undefined ? [] : [readable])]
  }
}

/** Reads a file that a setting names. */
export async function readPem (setting: string, file: string, cwd: string, mistakes: string[]): Promise<FileContent | undefined> {
  const content = await readFileOrPipe(resolve(cwd, file)).catch(() => undefined)
  if (content === undefined) mistakes.push(`${setting} names a file that cannot be read; check the path and its mode`)
  const writable = content && writableByEveryone(content.mode, { file, setting })
  if (writable !== undefined) mistakes.push(writable)
  return content
}

/** The first certificate of a text. */
export function parseCertificate (setting: string, text: string, mistakes: string[]): X509Certificate | undefined {
  return parse(() => asCertificate(text), mistakes, `${setting} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
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

function misfits ({ cert, key: keyName }: PairSettings<string>, certificate: X509Certificate, key: KeyObject, pair: KeyPair): string[] {
  if (!certificate.checkPrivateKey(key)) {
    return [`${keyName} does not hold the key of the first certificate in ${cert}; put the broker's own certificate first, and its key beside it`]
  }
  try {
    createSecureContext(pair)
    return []
  } catch (error) {
    return [`${cert} and ${keyName} are refused by OpenSSL (${(error as NodeJS.ErrnoException).code}); make a new pair`]
  }
}

function outOfDate ({ cert }: PairSettings<string>, { validFrom, validTo }: X509Certificate): string[] {
  const now = Date.now()
  if (Date.parse(validTo) < now) return [`${cert} holds a certificate that has expired, so the other side refuses it; renew it`]
  if (Date.parse(validFrom) > now) return [`${cert} holds a certificate that is not valid yet; check its dates and this machine's clock`]
  return []
}
