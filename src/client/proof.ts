/** Signs the DPoP proofs of one session. Its private key cannot be read, not even by the page. */
export interface ProofKey {
  privateKey: Parameters<typeof crypto.subtle.sign>[1]
  /** The public key. */
  jwk: object
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Makes a new key pair for one session. */
export async function makeProofKey (): Promise<ProofKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  return { privateKey, jwk: { kty, crv, x, y } }
}

/** Returns a DPoP proof (RFC 9449 §4.2): a signed JWT that is valid for one request. */
export async function prove ({ privateKey, jwk }: ProofKey, claims: object): Promise<string> {
  const signed = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, { jti: crypto.randomUUID(), ...claims }].map(part => base64url(utf8(JSON.stringify(part)))).join('.')
  return `${signed}.${base64url(await crypto.subtle.sign(algorithm, privateKey, utf8(signed)))}`
}

/** Returns the SHA-256 hash of a text in base64url, as the claim `ath` needs it. */
export async function sha256 (text: string): Promise<string> {
  return base64url(await crypto.subtle.digest('SHA-256', utf8(text)))
}

/** Encodes a text as UTF-8. */
export function utf8 (text: string) {
  return new TextEncoder().encode(text)
}

/** Encodes bytes as base64, with padding. */
export function base64 (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}

/** Encodes bytes as base64url, without padding. */
function base64url (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return base64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
