import { createHmac } from 'node:crypto'
import t from 'tap'
import { SessionKeys } from '../../../src/callers/session/keys.js'
import { signSession } from '../../../src/callers/session/signed-session.js'
import { nowSeconds, PageKey } from '../../helpers/dpop.js'
import type { Answer } from '../../helpers/http.js'
import { Page, signedIn } from '../../helpers/page.js'
import { anotherNode, ended, refused, SESSION_SECRET, started } from './nodes.js'

t.test('S46: a session that is forged, cut or extended is none, by one answer', async t => {
  const { url, audit } = await started(t, { users: { susan: 'secret123', bob: 'secret123' } })
  const page = await signedIn(url)
  const { session } = page
  const bytes = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(session.slice(4), 'base64url')
    change(copy)
    return `ttb_${copy.toString('base64url')}`
  }
  const forged = [
    { what: 'cut', text: session.slice(0, -1) },
    { what: 'extended', text: `${session}AAAA` },
    { what: 'with padding', text: `${session}=` },
    { what: 'of a later end', text: bytes(bytes => bytes.writeUIntBE(bytes.readUIntBE(11, 6) + 1, 11, 6)) },
    { what: 'of another name', text: bytes(bytes => bytes.write('bob', 77)) },
    { what: 'of another key', text: bytes(bytes => new PageKey().sign('x').copy(bytes, 29, 0, 32)) },
    { what: 'of another secret', text: bytes(bytes => bytes.fill(0, 1, 5)) },
    { what: 'of another version', text: bytes(bytes => { bytes[0] = 2 }) },
    { what: 'with a MAC of zeros', text: bytes(bytes => bytes.fill(0, bytes.length - 32)) },
    { what: 'of text', text: 'ttb_susan' },
    { what: 'a Twilio token', text: (await page.ask()).body.token }
  ]
  const bodies = new Set<string>()
  for (const { what, text } of forged) {
    const forger = Object.assign(new Page(url), { session: text, nonce: page.nonce })
    const { status, body: { requestId, ...body }, headers } = await forger.ask()
    t.equal(status, 401, what)
    bodies.add(JSON.stringify([body, headers['www-authenticate'], headers['content-length']]))
  }
  t.equal(bodies.size, 1)
  t.match([...bodies][0], /session-ended/)
  const line = (await audit()).at(-1)!
  t.has(line, { event: 'token.refused', code: 'session-ended', via: 'session' })
  t.same([line.caller, line.sessionId], [undefined, undefined], 'and nobody is named')
})

t.test('S54: who reads the store of callers can make no fingerprint', async t => {
  const one = await started(t, { settings: { SESSION_SECRET } })
  const other = await anotherNode(t, one, { SESSION_SECRET: 'x'.repeat(32) })
  const fingerprintOf = ({ session }: Page) => Buffer.from(session.slice(4), 'base64url').toString('hex', 61, 77)
  t.equal(fingerprintOf(await signedIn(one.url)), fingerprintOf(await signedIn(one.url)))
  t.not(fingerprintOf(await signedIn(one.url)), fingerprintOf(await signedIn(other.url)), 'it is keyed')
})

t.test('S55: the key that signs sessions alone makes nobody\'s session', async t => {
  const broker = await started(t, { settings: { SESSION_SECRET } })
  const page = await signedIn(broker.url)
  const { first } = new SessionKeys([SESSION_SECRET])
  const session = signSession(first, {
    login: 'susan',
    caller: { name: 'susan', identity: 'susan' },
    id: 'AAAAAAAAAAAAAAAA',
    opened: nowSeconds(),
    ends: nowSeconds() + 600,
    thumbprint: Buffer.from(page.session.slice(4), 'base64url').subarray(29, 61),
    fingerprint: Buffer.alloc(16)
  })!
  t.has(await Object.assign(page, { session }).ask(), ended)
})

t.test('S60: sessions of names that exist and that do not get the same bytes', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const { first } = new SessionKeys(['another-secret-of-32-characters-and-more'])
  const answers: Answer[] = []
  for (const name of ['susan', 'nobody']) {
    const session = signSession(first, { login: name, caller: { name, identity: name }, id: 'AAAAAAAAAAAAAAAA', opened: 1, ends: 2 ** 40, thumbprint: Buffer.alloc(32), fingerprint: Buffer.alloc(16) })!
    answers.push(await Object.assign(new Page(url), { key: page.key, nonce: page.nonce, session }).ask())
  }
  const [one, other] = answers.map(({ status, text, body: { requestId } }) => `${status} ${text.replace(requestId, '')}`)
  t.equal(one, other)
})

t.test('S64: a proof of 10 kB and a session of 3 kB are refused by their size', async t => {
  const { url } = await started(t, { settings: { SESSION_SECRET } })
  const page = await signedIn(url)
  t.has(await page.ask({ proof: page.key.proof({ claims: { ...page.right(), x: 'x'.repeat(7000) } }) }), refused('proof-wrong'))
  t.has(await page.ask({ as: `DPoP ${page.session}${'A'.repeat(3000)}` }), ended)
  const { session } = page
  const withGroup = (length: number) => {
    const body = Buffer.concat([Buffer.from(session.slice(4), 'base64url').subarray(0, -32), Buffer.from(`\0\x01${'g'.repeat(length)}`)])
    const mac = createHmac('sha256', new SessionKeys([SESSION_SECRET]).first.mac).update(body).digest()
    return `ttb_${Buffer.concat([body, mac]).toString('base64url')}`
  }
  t.match(await Object.assign(page, { session: withGroup(1600) }).ask(), { status: 200 })
  t.has(await Object.assign(page, { session: withGroup(2100) }).ask(), ended, 'also where it is signed as it should be')
})

t.test('S65: two DPoP headers are 400, and nothing behind them is answered', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  t.has(await page.ask({ proof: undefined, headers: { DPoP: [page.proof(), page.proof()] } }), { status: 400, headers: { connection: 'close' }, body: { code: 'request-invalid' } })
})
