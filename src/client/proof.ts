/** Signs the DPoP proofs of one session. Its private key cannot be read, not even by the page. */
export interface ProofKey {
  privateKey: Parameters<typeof crypto.subtle.sign>[1]
  /** The public key. */
  jwk: object
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export async function makeProofKey (): Promise<ProofKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  return { privateKey, jwk: { kty, crv, x, y } }
}

/** RFC 9449 §4.2: a JWT that is good for one request. */
export async function prove ({ privateKey, jwk }: ProofKey, claims: object): Promise<string> {
  const signed = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, { jti: crypto.randomUUID(), ...claims }].map(part => base64url(utf8(JSON.stringify(part)))).join('.')
  return `${signed}.${base64url(await crypto.subtle.sign(algorithm, privateKey, utf8(signed)))}`
}

/** As in the claim `ath`. */
export async function sha256 (text: string): Promise<string> {
  return base64url(await crypto.subtle.digest('SHA-256', utf8(text)))
}

export function utf8 (text: string) {
  return new TextEncoder().encode(text)
}

export function base64 (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}

function base64url (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return base64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
