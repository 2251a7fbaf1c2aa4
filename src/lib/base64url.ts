/**
 * Decodes base64url text (RFC 7515 §2) in its canonical form only; undefined for any other. Node's decoder also accepts padding, blanks,
 * the other alphabet and spare bits, so that many texts would mean the same bytes.
 */
export function decodeBase64url (text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
