import { createHmac } from 'node:crypto'
import type { Test } from 'tap'

export const sid = (prefix: string, digit = '1') => prefix + digit.repeat(32)
export const secret = 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF'
export const now = Math.floor(Date.now() / 1000)
export const settings = { TWILIO_ACCOUNT_SID: sid('AC'), TWILIO_API_KEY_SID: sid('SK'), TWILIO_API_KEY_SECRET: secret }

/** The tokens are made as the file loads, and looked at in the same second. */
export function sameSecond (t: Test) {
  t.intercept(Date, 'now', { value: () => now * 1000 })
}

type Change = Record<string, unknown>
const right = {
  header: { alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' },
  claims: { jti: `${sid('SK')}-${now}`, iat: now, exp: now + 3600, iss: sid('SK'), sub: sid('AC') },
  grants: { identity: 'susan', video: { room: 'My Room' } }
}
export const base64url = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token, right but for these changes; `undefined` takes a property away. */
export function token ({ header = {}, claims = {}, grants = {}, by = secret }: { header?: Change, claims?: Change, grants?: Change, by?: string | Buffer } = {}): string {
  const signed = `${base64url({ ...right.header, ...header })}.${base64url({ grants: { ...right.grants, ...grants }, ...right.claims, ...claims })}`
  return `${signed}.${createHmac('sha256', by).update(signed).digest('base64url')}`
}
export const good = token()
export const [head, body, signature] = good.split('.') as [string, string, string]
export const video = undefined
export const voice = { video, voice: { incoming: { allow: true } } }
export const long = (n: number) => 'x'.repeat(n)
