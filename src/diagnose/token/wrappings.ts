import { isRecord } from '../../lib/is-record.js'
import { parseObject, type Json } from './json.js'

/** Text that may surround a pasted token. */
export interface Wrapping {
  says: string
  /** True where it comes from copying the token, so that no SDK ever got it. */
  harmless?: true
  /** Returns the text inside; undefined if this wrapping is not there. */
  inside (text: string): string | undefined
}

/** Tried in this order. Each makes the text shorter, so that unwrapping ends. */
export const wrappings: Wrapping[] = [
  { says: 'the headers of the answer stand before it', harmless: true, inside: text => /^HTTP\/[\d.]+ \d{3}[^]*?\r?\n\r?\n([^]*)$/.exec(text)?.[1] },
  { says: 'a % stands behind it, by which zsh marks output without a line break', harmless: true, inside: text => /^([^%]+)%$/.exec(text)?.[1] },
  { says: 'it is a whole JSON answer; the token is its token property', harmless: true, inside: text => tokenOf(parseObject(text)) },
  { says: 'it is a JSON list; the token is its first entry', inside: text => /^\[\s*"([^"\s]+)"\s*\]$/.exec(text)?.[1] },
  { says: 'it is an object as a program prints it, and no JSON; the token is its token property', inside: printedToken },
  { says: 'b\'…\' stands around it, as Python prints bytes; token.decode() makes a string of them', inside: text => /^b(["'])([^]*)\1$/.exec(text)?.[2] },
  { says: 'quotes stand around it', inside: text => jsonString(text) ?? /^(["'`])((?:(?!\1)[^])*)\1[,;]?$/.exec(text)?.[2] ?? /^[“”‘’„«]([^]*)[“”‘’»]$/.exec(text)?.[1] },
  { says: 'angle brackets stand around it', inside: text => /^<([^<>\s]+\.[^<>\s]*)>$/.exec(text)?.[1] },
  { says: 'it begins with Authorization:', inside: text => /^authorization\s*:([^]*)$/i.exec(text)?.[1] },
  { says: 'it begins with Bearer', inside: text => /^bearer\s+([^]*)$/i.exec(text)?.[1] },
  { says: 'it begins with token=', inside: text => /^(?:(?:const|let|var|export)\s+)?["']?(?:\w*token|jwt)["']?\s*[=:]([^]*)$/i.exec(text)?.[1] },
  { says: 'it is a URL; the token is its parameter', inside: text => /^(?:https?|wss?):\/\/\S*?[?&#](?:access_?)?token=([^&#\s]+)/i.exec(text)?.[1] },
  { says: 'it is URL-encoded', inside: urlDecoded },
  { says: 'a line break written as \\n stands at its end', inside: text => /^([^]*?)(?:\\[rn])+$/.exec(text)?.[1] },
  { says: 'it holds invisible characters', inside: text => without(text, /[\u200b-\u200f\u2060\ufeff]/g) },
  { says: 'a comma, semicolon or dot stands behind it', inside: text => /^((?:[\w-]+\.){2}[\w-]+)[.,;]+$/.exec(text)?.[1] },
  { says: 'it holds line breaks or blanks', inside: text => /^ey[\w.\s+/=-]+$/.test(text) ? without(text, /\s+/g) : undefined }
]

/** Names of the property that holds the token in the JSON answers of servers. */
const TOKEN_NAMES = ['token', 'accessToken', 'access_token', 'jwt', 'session']

/** Returns the token of a JSON answer, also inside the object that axios and others put around it. */
function tokenOf (answer: Json | undefined): string | undefined {
  const found = TOKEN_NAMES.map(name => answer?.[name]).find(value => typeof value === 'string')
  const inner = answer?.data ?? answer?.result
  return found ?? (isRecord(inner) ? tokenOf(inner) : undefined)
}

/** `{'token': 'eyJ…'}` of Python, `{ token: 'eyJ…' }` of Node. */
function printedToken (text: string): string | undefined {
  const [, bytes, quoted] = /^\{[^]*?\b["']?(?:token|accessToken|access_token|jwt)["']?\s*:\s*(?:(b(?:"[^"\s]+"|'[^'\s]+'))|["']([^"'\s]+)["'])/.exec(text) ?? []
  return parseObject(text) === undefined ? bytes ?? quoted : undefined
}

function jsonString (text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function urlDecoded (text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text)
    return decoded === text ? undefined : decoded
  } catch {
    return undefined
  }
}

function without (text: string, what: RegExp): string | undefined {
  const rest = text.replace(what, '')
  return rest === text ? undefined : rest
}
