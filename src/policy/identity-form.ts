/** How identities are written into tokens; `escaped` fits every product. */
export type IdentityForm = 'plain' | 'escaped'

/**
 * Returns an identity as the token contains it. `escaped` writes every UTF-8 byte outside `[A-Za-z0-9]`, `_` included, as `_` and two
 * hexadecimal digits: so different identities stay different, and each can be decoded.
 * @param identity Unicode text without lone surrogates
 * @example
 * inForm('auth0|42', 'escaped')  // 'auth0_7c42'
 */
export function inForm (identity: string, form: IdentityForm = 'plain'): string {
  if (form === 'plain' || /^[A-Za-z0-9]*$/.test(identity)) return identity
  return identity.replace(/[^A-Za-z0-9]/gu, character => Buffer.from(character).toString('hex').replace(/../g, '_$&'))
}
