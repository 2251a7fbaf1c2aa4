import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { readableByEveryone, writableByEveryone } from '../files/mode.js'
import { readFileOrPipe, type FileContent } from '../files/read.js'
import { hasMistakes, mistake, warning, type Diagnostic } from '../lib/diagnostic.js'

/** A certificate chain and its private key, both in PEM form. */
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
  /** Undefined where no files are named, or with a mistake. */
  pair: KeyPair | undefined
  diagnostics: Diagnostic[]
}

/** Reads the broker's own pair, by which it serves HTTPS. */
export function readKeys (files: KeyFiles<'TLS_CERT_FILE' | 'TLS_KEY_FILE'>, cwd: string): Promise<ReadKeys> {
  return readPair({ cert: 'TLS_CERT_FILE', key: 'TLS_KEY_FILE' }, files, cwd)
}

/** Reads certificate and key, and checks everything that would make handshakes fail later. */
export async function readPair<Name extends string> (names: PairSettings<Name>, files: KeyFiles<Name>, cwd: string): Promise<ReadKeys> {
  const { [names.cert]: certFile, [names.key]: keyFile } = files
  // One alone is a mistake that the settings' rules report.
  if (certFile === undefined || keyFile === undefined) return { pair: undefined, diagnostics: [] }
  const [cert, key] = await Promise.all([readPem(names.cert, certFile, cwd), readPem(names.key, keyFile, cwd)])
  const diagnostics = [...cert.diagnostics, ...key.diagnostics]
  if (cert.content === undefined || key.content === undefined) return { pair: undefined, diagnostics }
  const pair = { cert: cert.content.bytes.toString(), key: key.content.bytes.toString() }
  const { certificate, diagnostics: ofCertificate } = parseCertificate(names.cert, pair.cert)
  diagnostics.push(...ofCertificate)
  const privateKey = orUndefined(() => createPrivateKey(pair.key))
  if (privateKey === undefined) diagnostics.push(mistake(names.key, 'syntax', `${names.key} holds no private key in PEM form, or one with a passphrase, which nobody is there to type`))
  if (certificate === undefined || privateKey === undefined) return { pair: undefined, diagnostics }

  diagnostics.push(...misfits(names, certificate, privateKey, pair))
  const readable = readableByEveryone(key.content.mode, { file: keyFile, setting: names.key })
  return {
    pair: hasMistakes(diagnostics) ? undefined : pair,
    diagnostics: [...diagnostics, ...outOfDate(names, certificate), ...(readable === undefined ? [] : [warning(keyFile, 'insecure', readable)])]
  }
}

/** Reads a file that a setting names. */
export async function readPem (
  setting: string,
  file: string,
  cwd: string
): Promise<{ content: FileContent | undefined, diagnostics: Diagnostic[] }> {
  const content = await readFileOrPipe(resolve(cwd, file)).catch(() => undefined)
  if (content === undefined) return { content, diagnostics: [mistake(setting, 'unreadable', `${setting} names a file that cannot be read; check the path and its mode`)] }
  const writable = writableByEveryone(content.mode, { file, setting })
  return { content, diagnostics: writable === undefined ? [] : [mistake(file, 'insecure', writable)] }
}

/** Parses the first certificate of a text. */
export function parseCertificate (setting: string, text: string): { certificate: X509Certificate | undefined, diagnostics: Diagnostic[] } {
  // X509Certificate also accepts DER, which a handshake does not.
  const certificate = text.includes('-----BEGIN ') ? orUndefined(() => new X509Certificate(text)) : undefined
  return {
    certificate,
    diagnostics: certificate === undefined ? [mistake(setting, 'syntax', `${setting} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)] : []
  }
}

function orUndefined<T> (parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}

function misfits ({ cert, key: keyName }: PairSettings<string>, certificate: X509Certificate, key: KeyObject, pair: KeyPair): Diagnostic[] {
  if (!certificate.checkPrivateKey(key)) {
    return [mistake(keyName, 'conflict', `${keyName} does not hold the key of the first certificate in ${cert}; put the broker's own certificate first, and its key beside it`)]
  }
  try {
    createSecureContext(pair)
    return []
  } catch (error) {
    return [mistake(cert, 'invalid', `${cert} and ${keyName} are refused by OpenSSL (${(error as NodeJS.ErrnoException).code}); make a new pair`)]
  }
}

function outOfDate ({ cert }: PairSettings<string>, { validFrom, validTo }: X509Certificate): Diagnostic[] {
  const now = Date.now()
  if (Date.parse(validTo) < now) return [warning(cert, 'invalid', `${cert} holds a certificate that has expired, so the other side refuses it; renew it`)]
  if (Date.parse(validFrom) > now) return [warning(cert, 'invalid', `${cert} holds a certificate that is not valid yet; check its dates and this machine's clock`)]
  return []
}
