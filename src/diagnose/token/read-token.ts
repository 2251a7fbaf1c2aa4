import { parseObject, type Json } from './json.js'
import { wrappings, type Wrapping } from './wrappings.js'

/** A token taken apart. What could not be read is undefined. */
export interface Token {
  /** What an SDK would have to be given. */
  text: string
  /** What stood around it, from the outside. */
  around: Wrapping[]
  parts: string[]
  header: Json | undefined
  claims: Json | undefined
}

/** Reads whatever a person pastes as a token. Nothing is verified. */
export function readToken (pasted: string): Token {
  const around: Wrapping[] = []
  let text = pasted.replace(/^\uFEFF/, '').trim()
  for (let found = peel(text); found !== undefined; found = peel(text)) {
    around.push(found.wrapping)
    text = found.inside
  }
  const parts = text.split('.')
  const [header, claims] = parts.length === 3 || parts.length === 2 ? parts.map(jsonOf) : [jsonOf(parts[0]!), undefined]
  return { text, around, parts, header, claims }
}

function peel (text: string): { wrapping: Wrapping, inside: string } | undefined {
  for (const wrapping of wrappings) {
    const inside = wrapping.inside(text)?.trim()
    if (inside !== undefined) return { wrapping, inside }
  }
  return undefined
}

/** RFC 7515 §2: base64url without padding. Read leniently: that it is not exactly so is a finding of its own. */
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
