import { ask, basic, type Credentials, type Refusal, type Result } from './api.js'
import { offersOf, type Description } from './available-products.js'
import { now } from './now.js'
import { Proofs } from './proofs.js'
import type { Session } from './session.js'

/** The answer of `POST /session`. */
interface Opened {
  session: string
  expiresIn: number
  expiresAt: string
}

const forgets = 'so this page keeps your password in memory until you sign out.'

/** Why there is no session. */
const reasons = {
  insecure: `This page came by plain HTTP, where browsers make no keys, ${forgets}`,
  none: `This broker has no sessions, ${forgets}`,
  audit: `The broker cannot write its audit and opens no session now, ${forgets}`,
  changed: `Something between this page and the broker changes requests, ${forgets} Its operator should check PUBLIC_URL.`
}

/** Refusals of a session that leave the password. Operators need to see a broker whose audit has stopped. */
const reasonsByCode: Record<string, keyof typeof reasons> = {
  'not-found': 'none',
  'method-not-allowed': 'none',
  'not-the-broker': 'none',
  'audit-unavailable': 'audit',
  'proof-wrong': 'changed'
}

/** Signs in once, by a session. Where that cannot be, each request sends the password. */
export async function signInByPassword (name: string, password: string): Promise<Result<Session>> {
  const byPassword = basic(name, password)
  const without = (reason: keyof typeof reasons) => describe({ credentials: byPassword, without: reasons[reason] })
  // Plain http beyond loopback has no WebCrypto.
  if (crypto.subtle === undefined) return without('insecure')
  const proofs = await Proofs.make()
  const asked = now()
  const { answer, refusal } = await ask<Opened>('session', { ...byPassword, proofs }, undefined, 'POST')
  if (refusal !== undefined) {
    const reason = isHiccup(refusal) ? undefined : reasonsByCode[refusal.code]
    return reason === undefined ? { refusal } : without(reason)
  }
  // Another server may answer /session.
  if (!/^ttb_[\w-]+$/.test(answer.session)) return without('none')
  await proofs.bind(answer.session)
  const end = { at: answer.expiresAt, due: asked + answer.expiresIn * 1000 }
  const result = await describe({ credentials: { name, authorization: `DPoP ${answer.session}`, proofs }, end })
  return result.refusal?.code === 'proof-wrong' ? without('changed') : result
}

/** Whether a proxy failed, for a moment perhaps. A proxy that passes no `/session` says that there is nothing. */
function isHiccup ({ code, status }: Refusal): boolean {
  return code === 'not-the-broker' && status >= 300 && status !== 404 && status !== 405
}

/** Asks the broker what the caller may have. */
export async function describe (known: Pick<Session, 'credentials' | 'end' | 'without'>): Promise<Result<Session>> {
  const { answer, refusal } = await ask<Description>('openapi.json', known.credentials)
  return answer === undefined ? { refusal } : { answer: { ...known, description: answer, offers: offersOf(answer), kept: new Map() } }
}

/** Ends the session at the broker. Returns whether that is sure: without an answer it goes on until its end, but its key is gone. */
export async function endSession ({ authorization, proofs, name }: Credentials): Promise<boolean> {
  if (proofs === undefined) return true
  const { refusal } = await ask('session', { name, authorization, proofs }, undefined, 'DELETE')
  return refusal === undefined || refusal.code === 'session-ended'
}
