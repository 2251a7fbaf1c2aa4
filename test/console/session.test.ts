import t, { type Test } from 'tap'
import { ask, basic, type Credentials, type Refusal } from '../../src/console/api.js'
import { endSession, signInByPassword } from '../../src/console/open-session.js'
import type { Session } from '../../src/console/session.js'
import { startBroker, type Broker } from '../helpers/broker.js'

interface Sent {
  method: string
  path: string
  headers: Record<string, string>
}

/** Stands between the page and its broker. Returns undefined to let a request pass. */
type Between = (sent: Sent, n: number) => Response | undefined

const broker = await startBroker({ settings: { OPERATORS: 'susan' } })
t.teardown(broker.close)
const without = await startBroker({ settings: { SESSION_TTL: '0' } })
t.teardown(without.close)

/** Makes this process a page of the broker. Returns what it sends. */
function page (t: Test, { url }: Pick<Broker, 'url'>, between: Between = () => undefined): Sent[] {
  const { fetch } = globalThis
  const sent: Sent[] = []
  t.intercept(globalThis, 'location' as never, { value: { href: `${url}/#token` } } as never)
  t.intercept(globalThis, 'fetch', {
    value: (path: string, init: RequestInit) => {
      const request = { method: init.method!, path, headers: init.headers as Record<string, string> }
      sent.push(request)
      const answer = between(request, sent.length)
      return answer === undefined ? fetch(new URL(path, url), init) : Promise.resolve(answer)
    }
  })
  return sent
}

const lines = (sent: Sent[]) => sent.map(({ method, path, headers }) => `${method} ${path} ${headers['Authorization']!.split(' ')[0]!}${'DPoP' in headers ? ' proof' : ''}`)

async function signedIn (): Promise<Session> {
  const { answer, refusal } = await signInByPassword('susan', 'secret123')
  if (refusal !== undefined) throw new Error(refusal.detail)
  return answer
}

/** A problem of the broker. */
const problem = (status: number, code: string) => new Response(JSON.stringify({ code, detail: 'Because.' }), { status })

t.test('the password is sent once, and every other request has the session and a proof of its own', async t => {
  const sent = page(t, broker)
  const { credentials, end, without } = await signedIn()
  t.match(credentials, { name: 'susan', authorization: /^DPoP ttb_/ })
  t.match(end, { at: /^\d{4}-\d\d-\d\dT.*Z$/ })
  t.equal(without, undefined)
  t.has(await ask('token/video', credentials, { room: 'My Room' }), { answer: { identity: 'susan' } })
  t.match(await ask('operator.json?after=0', credentials), { answer: { events: [{}] } }, 'the query is no part of the proof')
  t.equal(await endSession(credentials), true)
  t.strictSame(lines(sent), ['POST session Basic proof', 'GET openapi.json DPoP proof', 'POST token/video DPoP proof', 'GET operator.json?after=0 DPoP proof', 'DELETE session DPoP proof'])
  t.equal(new Set(sent.map(({ headers }) => headers['DPoP'])).size, sent.length)
})

t.test('where there can be no session, each request sends the password, and a sentence says why', async t => {
  const html = (status: number) => new Response('<html>', { status, headers: { 'Content-Type': 'text/html' } })
  const unproven: Between = ({ headers }) => { delete headers['DPoP'] }
  const cases: Array<{ name: string, reason: RegExp, at?: Broker, between?: Between, plain?: true }> = [
    { name: 'SESSION_TTL=0', reason: /^This broker has no sessions, so this page keeps your password in memory until you sign out\.$/, at: without },
    { name: 'plain http beyond loopback', reason: /^This page came by plain HTTP/, plain: true },
    { name: 'a proxy that takes the proof away', reason: /PUBLIC_URL/, between: unproven },
    { name: 'a proxy that takes it away later', reason: /PUBLIC_URL/, between: (sent, n) => n > 1 && sent.path !== 'session' ? unproven(sent, n) : undefined },
    { name: 'a proxy that passes no /session', reason: /no sessions/, between: ({ path }) => path === 'session' ? html(404) : undefined },
    { name: 'a page of somebody else at /session', reason: /no sessions/, between: ({ path }) => path === 'session' ? html(200) : undefined },
    { name: 'JSON of somebody else at /session', reason: /no sessions/, between: ({ path }) => path === 'session' ? new Response('{"session":"mine"}') : undefined },
    { name: 'an audit that has stopped', reason: /cannot write its audit/, between: ({ path }) => path === 'session' ? problem(503, 'audit-unavailable') : undefined },
    { name: 'a method that is not allowed', reason: /no sessions/, between: ({ path }) => path === 'session' ? problem(405, 'method-not-allowed') : undefined }
  ]
  for (const { name, reason, at = broker, between, plain } of cases) {
    await t.test(name, async t => {
      const sent = page(t, at, between)
      if (plain) t.intercept(globalThis.crypto, 'subtle', { value: undefined } as never)
      const { credentials, without, end } = await signedIn()
      t.match(without, reason)
      t.equal(end, undefined)
      t.strictSame(credentials, basic('susan', 'secret123'))
      t.has(await ask('token/video', credentials, {}), { answer: { identity: 'susan' } })
      t.equal(lines(sent).at(-1), 'POST token/video Basic')
      t.equal(await endSession(credentials), true, 'there is nothing to end')
    })
  }
})

t.test('a sign-in that is refused is one request, and its reason is the broker\'s', async t => {
  const cases: Array<{ name: string, password: string, between?: Between, sent: string[], refusal: Partial<Refusal> }> = [
    { name: 'a wrong password', password: 'wrong', sent: ['POST session Basic proof'], refusal: { status: 401, code: 'credentials-wrong' } },
    { name: 'a proxy that fails for a moment', password: 'secret123', between: () => new Response('<html>', { status: 502 }), sent: ['POST session Basic proof'], refusal: { status: 502, code: 'not-the-broker' } },
    { name: 'a broker that is busy', password: 'secret123', between: () => problem(503, 'overloaded'), sent: ['POST session Basic proof'], refusal: { status: 503, code: 'overloaded' } },
    { name: 'a broker that is busy a moment later', password: 'secret123', between: ({ path }) => path === 'openapi.json' ? problem(503, 'overloaded') : undefined, sent: ['POST session Basic proof', 'GET openapi.json DPoP proof'], refusal: { code: 'overloaded' } }
  ]
  for (const { name, password, between, sent: expected, refusal } of cases) {
    await t.test(name, async t => {
      const sent = page(t, broker, between)
      t.has(await signInByPassword('susan', password), { refusal })
      t.strictSame(lines(sent), expected)
    })
  }
})

t.test('a proof that came too late, or twice, is made anew, once', async t => {
  for (const code of ['proof-stale', 'proof-replayed']) {
    for (const [times, expected] of [[1, { answer: { identity: 'susan' } }], [Infinity, { refusal: { code } }]] as const) {
      await t.test(`${code}, ${times}`, async t => {
        let refused = 0
        const sent = page(t, broker, ({ path }) => path === 'token/video' && refused++ < times ? problem(401, code) : undefined)
        const { credentials } = await signedIn()
        let ended = 0
        t.has(await ask('token/video', { ...credentials, onEnded: () => { ended++ } }, {}), expected)
        t.equal(sent.filter(({ path }) => path === 'token/video').length, 2)
        t.equal(ended, 0, 'the session lives')
      })
    }
  }
})

t.test('the broker\'s clock counts, and its newest nonce', async t => {
  const claimsOf = ({ headers }: Sent) => JSON.parse(Buffer.from(headers['DPoP']!.split('.')[1]!, 'base64url').toString())
  const sent = page(t, broker, (_sent, n) => n === 1
    ? new Response(JSON.stringify({ code: 'proof-stale', detail: 'Because.', now: 1_700_000_000 }), { status: 401, headers: { 'DPoP-Nonce': 'next' } })
    : problem(503, 'overloaded'))
  t.has(await signInByPassword('susan', 'secret123'), { refusal: { code: 'overloaded' } })
  const [first, second] = sent.map(claimsOf)
  t.has(first, { htm: 'POST', htu: `${broker.url}/session`, nonce: undefined, ath: undefined })
  t.equal(second.nonce, 'next')
  t.ok(second.iat - 1_700_000_000 < 600, 'not this machine\'s time')
})

t.test('all users of the credentials learn that they have ended, and only from the broker itself', async t => {
  const cases: Array<{ name: string, answer: Response | undefined, ended: string[] }> = [
    { name: 'a session that was ended elsewhere', answer: undefined, ended: ['session-ended'] },
    { name: 'a password that was changed', answer: problem(401, 'credentials-wrong'), ended: ['credentials-wrong'] },
    { name: 'a proxy that asks for a login', answer: new Response('<html>', { status: 401 }), ended: [] },
    { name: 'something that is not allowed', answer: problem(403, 'not-allowed'), ended: [] }
  ]
  for (const { name, answer, ended: expected } of cases) {
    await t.test(name, async t => {
      page(t, broker, ({ path }) => path === 'token/video' ? answer : undefined)
      const ended: string[] = []
      const { credentials } = await signedIn()
      const known: Credentials = { ...credentials, onEnded: ({ code }) => ended.push(code) }
      await endSession(known)
      t.strictSame(ended, [], 'who ends a session knows')
      await ask('token/video', known, {})
      t.strictSame(ended, expected)
      t.equal(await endSession(known), true, 'what is over is over')
    })
  }
})

t.test('a sign-out without an answer is said to be one', async t => {
  page(t, broker, ({ method }) => method === 'DELETE' ? new Response('<html>', { status: 502 }) : undefined)
  const { credentials } = await signedIn()
  t.equal(await endSession(credentials), false)
})
