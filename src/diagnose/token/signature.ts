import { bytesOf, type Token } from './read-token.js'

/** What is known of a token's signature. `spoilt`: it was signed by a secret that differs from the key's as the words say. */
export type Signature = 'right' | 'wrong' | 'unchecked' | { spoilt: string }

type Spoiling = [says: string, spoil: (secret: string) => Array<string | Uint8Array<ArrayBuffer>>]

/** What becomes of a secret on its way through files, shells and consoles. */
const spoilings: Spoiling[] = [
  ['with a line break at its end', secret => [`${secret}\n`, `${secret}\r\n`]],
  ['with a blank around it', secret => [` ${secret}`, `${secret} `]],
  ['with quotes around it', secret => [`"${secret}"`, `'${secret}'`]],
  ['decoded as base64', secret => [bytesOf(secret) ?? []].filter(bytes => bytes instanceof Uint8Array)],
  ...['undefined', 'null', 'None'].map((word): Spoiling => [`for which the word ${word} was taken`, () => [word]]),
  ['in small letters', secret => [secret.toLowerCase()]],
  ['in capital letters', secret => [secret.toUpperCase()]]
]

/**
 * Checks HS256 (RFC 7518 §3.2) against the API key's secret, and against what it may have become before it signed.
 * @param others values that may have been taken for the secret, with their names
 */
export async function checkSignature (token: Token, secret: string, others: Record<string, string> = {}): Promise<Signature> {
  const signature = bytesOf(token.parts[2] ?? '')
  if (signature === undefined || token.parts.length !== 3) return 'wrong'
  const signed = new TextEncoder().encode(token.parts.slice(0, 2).join('.'))
  const fits = async (bytes: Uint8Array<ArrayBuffer>) => {
    // WebCrypto takes no empty key.
    if (bytes.length === 0) return false
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    return crypto.subtle.verify('HMAC', key, signature, signed)
  }
  const bytes = (value: string | Uint8Array<ArrayBuffer>) => typeof value === 'string' ? new TextEncoder().encode(value) : value

  if (await fits(bytes(secret))) return 'right'
  for (const [spoilt, spoil] of spoilings) {
    for (const value of spoil(secret)) if (await fits(bytes(value))) return { spoilt }
  }
  for (const [name, value] of Object.entries(others)) {
    if (await fits(bytes(value))) return { spoilt: `for which ${name} was taken` }
  }
  return 'wrong'
}
