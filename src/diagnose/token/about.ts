import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'
import type { Token } from './read-token.js'
import { unitOf } from './units.js'
import { clock, grantsInWords } from './words.js'

/** A name, and what the token says under it, a line each. */
export type Row = [name: string, ...values: string[]]

/** What a token says, in words. Nothing, where it is none. */
export function about (token: Token, now: number): Row[] {
  const { header, claims } = token
  if (header === undefined || claims === undefined) return []
  const { iss, sub, iat, nbf, exp } = claims
  const grants = grantsOf(token)
  return [
    ['header', Object.entries(header).map(([name, value]) => `${shown(name)} ${shown(value)}`).join(', ')],
    ['key', said(iss)],
    ['account', said(sub)],
    ['identity', said(grants.identity)],
    ['grants', ...grantsInWords(grants)],
    ['issued', time(iat)],
    ...(nbf === undefined ? [] : [['starts', time(nbf)] satisfies Row]),
    ['ends', `${time(exp)}${typeof exp === 'number' && exp > now && unitOf(exp) === undefined ? `, in ${clock(exp - now)}` : ''}`]
  ]
}

/** `{}` where there are none. */
export function grantsOf ({ claims }: Token): Json {
  return isRecord(claims?.grants) ? claims.grants : {}
}

function said (value: unknown): string {
  return value === undefined ? 'none' : shown(value)
}

/** NumericDate of RFC 7519 §2, where it is one. */
function time (value: unknown): string {
  const unit = unitOf(value)
  if (unit !== undefined) return `${said(value)} (${unit})`
  const date = new Date(typeof value === 'number' ? value * 1000 : NaN)
  return Number.isNaN(date.getTime()) ? said(value) : date.toISOString().replace('.000', '')
}
