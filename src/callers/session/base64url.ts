/**
 * The bytes of base64url text (RFC 7515 §2) in its one canonical form. Node's decoder takes padding, blanks, the other alphabet and spare bits as well,
 * so that many texts would pass for one.
 */
export function decodeBase64url (text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
