import { parseObject, type Json } from './json.js'

/** A token taken apart. What could not be read is undefined. */
export interface Token {
  /** What an SDK would have to be given. */
  text: string
  /** What stood around it, in words. */
  around: string[]
  parts: string[]
  header: Json | undefined
  claims: Json | undefined
}

/** Peels one thing off a pasted token: what is inside, or undefined where that thing is not there. */
interface Wrapping {
  says: string
  inside (text: string): string | undefined
}

/** As `curl` prints it: no mistake of whoever looks at the token. */
export const wholeAnswer = 'it is a whole JSON answer; the token is its token property'

const wrappings: Wrapping[] = [
  { says: wholeAnswer, inside: text => tokenOf(parseObject(text)) },
  { says: 'quotes stand around it', inside: text => /^(["'`])([^]*)\1[,;]?$/.exec(text)?.[2] },
  { says: 'it begins with Authorization:', inside: text => /^authorization\s*:([^]*)$/i.exec(text)?.[1] },
  { says: 'it begins with Bearer', inside: text => /^bearer\s+([^]*)$/i.exec(text)?.[1] },
  { says: 'it begins with token=', inside: text => /^(?:access_?)?token\s*[=:]([^]*)$/i.exec(text)?.[1] },
  { says: 'it holds line breaks or blanks', inside: text => /^ey[\w.\s-]+\s[\w.\s-]+$/.test(text) ? text.replace(/\s+/g, '') : undefined }
]

function tokenOf (answer: Json | undefined): string | undefined {
  return ['token', 'accessToken', 'access_token', 'jwt'].map(name => answer?.[name]).find(value => typeof value === 'string')
}

/** Reads whatever a person pastes as a token. Nothing is verified. */
export function readToken (pasted: string): Token {
  const around: string[] = []
  let text = pasted.replace(/^\uFEFF/, '').trim()
  for (let found = peel(text); found !== undefined; found = peel(text)) {
    around.push(found.says)
    text = found.inside
  }
  const parts = text.split('.')
  const [header, claims] = parts.length === 3 || parts.length === 2 ? parts.map(jsonOf) : [jsonOf(parts[0]!), undefined]
  return { text, around, parts, header, claims }
}

function peel (text: string): { says: string, inside: string } | undefined {
  for (const { says, inside } of wrappings) {
    const found = inside(text)?.trim()
    if (found !== undefined) return { says, inside: found }
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
    return Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
