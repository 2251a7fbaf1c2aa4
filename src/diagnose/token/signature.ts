import { bytesOf, type Token } from './read-token.js'

/** The result of checking a signature. `altered`: the secret signed it in an altered form, such as "with a line break at its end". */
export type Signature = 'right' | 'wrong' | 'unchecked' | { altered: string }

type Alteration = [says: string, alter: (secret: string) => Array<string | Uint8Array<ArrayBuffer>>]

/** How secrets get altered on the way through files, shells and consoles. */
const ALTERATIONS: Alteration[] = [
  ['with a line break at its end', secret => [`${secret}\n`, `${secret}\r\n`]],
  ['with a blank around it', secret => [` ${secret}`, `${secret} `]],
  ['with quotes around it', secret => [`"${secret}"`, `'${secret}'`]],
  ['decoded as base64', secret => [bytesOf(secret) ?? []].filter(bytes => bytes instanceof Uint8Array)],
  ...['undefined', 'null', 'None'].map((word): Alteration => [`for which the word ${word} was taken`, () => [word]]),
  ['in small letters', secret => [secret.toLowerCase()]],
  ['in capital letters', secret => [secret.toUpperCase()]]
]

/**
 * Verifies an HS256 signature (RFC 7518 §3.2) with the API key's secret, and with altered forms of it.
 * @param others values that may have been used by mistake instead of the secret, by their names
 */
export async function checkSignature (token: Token, secret: string, others: Record<string, string> = {}): Promise<Signature> {
  const signature = bytesOf(token.parts[2] ?? '')
  if (signature === undefined || token.parts.length !== 3) return 'wrong'
  const signed = new TextEncoder().encode(token.parts.slice(0, 2).join('.'))
  const fits = async (bytes: Uint8Array<ArrayBuffer>) => {
    // WebCrypto accepts no empty key.
    if (bytes.length === 0) return false
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    return crypto.subtle.verify('HMAC', key, signature, signed)
  }
  const bytes = (value: string | Uint8Array<ArrayBuffer>) => typeof value === 'string' ? new TextEncoder().encode(value) : value

  if (await fits(bytes(secret))) return 'right'
  for (const [altered, alter] of ALTERATIONS) {
    for (const value of alter(secret)) if (await fits(bytes(value))) return { altered }
  }
  for (const [name, value] of Object.entries(others)) {
    if (await fits(bytes(value))) return { altered: `for which ${name} was taken` }
  }
  return 'wrong'
}
