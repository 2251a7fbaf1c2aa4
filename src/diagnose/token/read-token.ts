import { parseObject, type Json } from './json.js'
import { wrappings, type Wrapping } from './wrappings.js'

/** The parts of a token. Those that cannot be read are undefined. */
export interface Token {
  /** The token itself, as an SDK expects it. */
  text: string
  /** What was around the token, the outermost first. */
  around: Wrapping[]
  parts: string[]
  header: Json | undefined
  claims: Json | undefined
}

/** Reads a pasted text as a token. Verifies nothing. */
export function readToken (pasted: string): Token {
  const around: Wrapping[] = []
  let text = pasted.replace(/^\uFEFF/, '').trim()
  for (let found = unwrap(text); found !== undefined; found = unwrap(text)) {
    around.push(found.wrapping)
    text = found.inside
  }
  const parts = text.split('.')
  const [header, claims] = parts.length === 3 || parts.length === 2 ? parts.map(jsonOf) : [jsonOf(parts[0]!), undefined]
  return { text, around, parts, header, claims }
}

function unwrap (text: string): { wrapping: Wrapping, inside: string } | undefined {
  for (const wrapping of wrappings) {
    const inside = wrapping.inside(text)?.trim()
    if (inside !== undefined) return { wrapping, inside }
  }
  return undefined
}

/** Decodes base64url (RFC 7515 §2) leniently: a rule reports what is not canonical. */
function jsonOf (part: string): Json | undefined {
  const bytes = bytesOf(part)
  return bytes && parseObject(new TextDecoder().decode(bytes))
}

export function bytesOf (part: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(part.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
