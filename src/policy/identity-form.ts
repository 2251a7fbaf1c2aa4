/** How identities are written into tokens; `escaped` fits every product. */
export type IdentityForm = 'plain' | 'escaped'

/**
 * An identity as the token holds it. Escaped, every byte of UTF-8 outside `[A-Za-z0-9]` is `_` and two hexadecimal digits, `_` itself too:
 * so no two identities become one, and each can be read back.
 * @param identity Unicode text without lone surrogates
 * @example
 * inForm('auth0|42', 'escaped')  // 'auth0_7c42'
 */
export function inForm (identity: string, form: IdentityForm = 'plain'): string {
  if (form === 'plain' || /^[A-Za-z0-9]*$/.test(identity)) return identity
  return identity.replace(/[^A-Za-z0-9]/gu, character => Buffer.from(character).toString('hex').replace(/../g, '_$&'))
}
