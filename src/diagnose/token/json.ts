import { isRecord } from '../../lib/is-record.js'

export type Json = Record<string, unknown>

/** Parses a JSON object; undefined for anything else. */
export function parseObject (text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Formats a value from a token for display. Anybody may have written it, so characters that a terminal interprets are escaped. */
export function shown (value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'undefined'
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
  return safe.length > 200 ? `${safe.slice(0, 200)}…` : safe
}
