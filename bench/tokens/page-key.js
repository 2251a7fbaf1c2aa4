import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

const spki = { type: 'spki', format: 'der' }
const pkcs8 = { type: 'pkcs8', format: 'der' }

/**
 * @returns a page's key for proofs, and the public half as a JWK. Node 20 hangs where a new pair is collected as garbage while one of its
 * keys is exported as a JWK, which happens once in some thousand; so these keys are none of the pair's.
 */
export function newPageKey () {
  const { privateKey: der } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: spki, privateKeyEncoding: pkcs8 })
  const privateKey = createPrivateKey({ key: der, ...pkcs8 })
  const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { privateKey, jwk: { crv, kty, x, y } }
}
