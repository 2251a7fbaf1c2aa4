import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'
import type { Token } from './read-token.js'
import { unitOf } from './units.js'
import { clock, grantsInWords } from './words.js'

/** A label and its values, one a line. */
export type Row = [name: string, ...values: string[]]

/**
 * Describes the content of a token in words. Empty if the text is not a token.
 * @param now seconds since 1970
 * @param formatTime for another form than ISO 8601 in UTC
 */
export function about (token: Token, now: number, formatTime = inUtc): Row[] {
  const { header, claims } = token
  if (header === undefined || claims === undefined) return []
  const { iss, sub, iat, nbf, exp } = claims
  const grants = grantsOf(token)
  const time = (value: unknown) => timeInWords(value, formatTime)
  return [
    ['header', Object.entries(header).map(([name, value]) => `${shown(name)} ${shown(value)}`).join(', ')],
    ['key', textOrNone(iss)],
    ['account', textOrNone(sub)],
    ['identity', textOrNone(grants.identity)],
    ['grants', ...grantsInWords(grants)],
    ['issued', time(iat)],
    ...(nbf === undefined ? [] : [['starts', time(nbf)] satisfies Row]),
    ['ends', `${time(exp)}${typeof exp === 'number' && exp > now && unitOf(exp) === undefined ? `, in ${clock(exp - now)}` : ''}`]
  ]
}

/** Returns the grants of a token; `{}` without any. */
export function grantsOf ({ claims }: Token): Json {
  return isRecord(claims?.grants) ? claims.grants : {}
}

function textOrNone (value: unknown): string {
  return value === undefined ? 'none' : shown(value)
}

/** Formats a NumericDate (RFC 7519 §2); other values stay as they are. */
function timeInWords (value: unknown, formatTime: typeof inUtc): string {
  const unit = unitOf(value)
  if (unit !== undefined) return `${textOrNone(value)} (${unit})`
  const date = new Date(typeof value === 'number' ? value * 1000 : NaN)
  return Number.isNaN(date.getTime()) ? textOrNone(value) : formatTime(date)
}

function inUtc (date: Date): string {
  return date.toISOString().replace('.000', '')
}
