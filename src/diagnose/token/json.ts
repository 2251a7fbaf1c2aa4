import { isRecord } from '../../lib/is-record.js'

export type Json = Record<string, unknown>

/** A JSON object; undefined for anything else. */
export function parseObject (text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A value from a token, which anybody may have written, so that it cannot act on a terminal or change the text around it. */
export function shown (value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'undefined'
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
  return safe.length > 200 ? `${safe.slice(0, 200)}…` : safe
}
