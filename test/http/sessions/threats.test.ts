import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SessionKeys } from '../../../src/callers/session/keys.js'
import { seal } from '../../../src/callers/session/seal.js'
import { basic, cheapHash, startBroker, susan, type Broker, type BrokerOptions } from '../../helpers/broker.js'
import { nowSeconds, PageKey } from '../../helpers/dpop.js'
import { hostileProofs, hostileUses } from '../../helpers/hostile-proofs.js'
import { ask, type Answer } from '../../helpers/http.js'
import { Page, setClock, signedIn, type PageAsk } from '../../helpers/page.js'
import { until } from '../../helpers/until.js'

async function started (t: Test, options: BrokerOptions = {}) {
  const broker = await startBroker(options)
  t.teardown(broker.close)
  return broker
}

const SESSION_SECRET = 'a-secret-that-two-nodes-have-in-common'
const refused = (code: string) => ({ status: 401, body: { code } })
const ended = refused('session-ended')
const usersOf = ({ folder }: Broker) => readFile(join(folder, 'users.htpasswd'), 'utf8')

t.test('a session that is read in a log is useless without its key', async t => {
  const { url } = await started(t)
  const { session, nonce } = await signedIn(url)
  const thief = Object.assign(new Page(url), { session, nonce })
  t.match(await thief.ask({ proof: undefined }), refused('proof-wrong'))
  t.match(await thief.ask(), refused('proof-wrong'))
  t.match(await thief.end(), refused('proof-wrong'))
})

t.test('a session and a proof that are read together are no use again', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = page.proof()
  t.match(await page.ask({ proof }), { status: 200 })
  t.match(await page.ask({ proof }), { ...refused('proof-replayed'), headers: { 'www-authenticate': 'DPoP algs="ES256", error="invalid_dpop_proof"' } })
  const ending = page.proof({ method: 'DELETE', path: '/session' })
  const reading = page.proof({ method: 'GET', path: '/openapi.json' })
  t.match(await page.ask({ method: 'GET', path: '/openapi.json', proof: reading }), { status: 200 })
  t.match(await page.ask({ method: 'GET', path: '/openapi.json', proof: reading }), refused('proof-replayed'))
  const all = await Promise.all(Array.from({ length: 5 }, () => page.end({ proof: ending })))
  t.same(all.map(({ status }) => status).sort(), [204, 401, 401, 401, 401])
})

t.test('a proof that was refused for its body is no use again either', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = page.proof()
  t.match(await page.ask({ proof, body: { rooms: 1 } }), { status: 400 })
  t.match(await page.ask({ proof }), refused('proof-replayed'))
})

t.test('a proof is over two minutes after it was made, whatever is remembered of it', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = page.proof()
  setClock(t, 61)
  t.match(await page.ask({ proof }), refused('proof-stale'))
})

t.test('a proof is for one route, method and product', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = () => page.proof()
  for (const request of [{ path: '/token/voice' }, { path: '/token' }, { method: 'GET' }, { path: '/openapi.json', method: 'GET' }, { path: '/session', method: 'DELETE' }, { path: '/token/nothing' }]) {
    t.match(await page.ask({ ...request, proof: proof() }), refused('proof-wrong'), JSON.stringify(request))
  }
  t.match(await page.ask({ proof: proof() }), { status: 200 })
})

t.test('a proof is for one session', async t => {
  const { url } = await started(t)
  const [one, other] = [await signedIn(url), await signedIn(url)]
  t.match(await other.ask({ proof: one.proof() }), refused('proof-wrong'))
  t.match(await other.ask({ proof: one.key.proof({ claims: other.right() }) }), refused('proof-wrong'), 'its key is bound to it')
  const again = Object.assign(new Page(url), { key: one.key })
  await again.open()
  t.match(await again.ask({ proof: one.proof() }), refused('proof-wrong'), 'and it names it')
})

t.test('proofs that a script signed for later are worth two token lives at most', async t => {
  const { url } = await started(t, { settings: { TOKEN_TTL: '3600' } })
  const page = await signedIn(url)
  const later = (seconds: number) => page.proof({ parts: { claims: { iat: nowSeconds() + seconds } } })
  const [now, soon, late] = [later(3600), later(7190), later(7260)]
  t.match(await page.ask({ proof: now }), { ...refused('proof-stale'), body: { now: /^\d+$/ } })
  setClock(t, 7190)
  t.match(await page.ask({ proof: soon }), { status: 200 })
  setClock(t, 70)
  t.match(await page.ask({ proof: late }), refused('proof-stale'))
})

t.test('a script in the page gets what its caller may have, on record', async t => {
  const { url, audit } = await started(t, { settings: { CALLER_LIMIT_MAX: '3' } })
  const [page, other] = [await signedIn(url), await signedIn(url)]
  for (let i = 0; i < 3; i++) t.match(await (i === 1 ? other : page).ask(), { status: 200 })
  t.match(await page.ask(), { status: 429, headers: { 'retry-after': /./ }, body: { code: 'caller-limited' } })
  t.match(await ask(url, { as: susan }), { status: 429 }, 'one limit for all sessions and passwords of a caller')
  const lines = (await audit()).slice(2)
  t.same(lines.map(({ via }) => via), ['session', 'session', 'session', 'session', 'basic'])
  t.equal(new Set(lines.map(({ sessionId }) => sessionId)).size, 3)
})

t.test('a session that is forged, cut or extended is none, by one answer', async t => {
  const { url, audit } = await started(t, { users: { susan: 'secret123', bob: 'secret123' } })
  const page = await signedIn(url)
  const { session } = page
  const bytes = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(session.slice(4), 'base64url')
    change(copy)
    return `ttb_${copy.toString('base64url')}`
  }
  const forged: Record<string, string> = {
    cut: session.slice(0, -1),
    extended: `${session}AAAA`,
    'of a later end': bytes(bytes => bytes.writeUIntBE(bytes.readUIntBE(11, 6) + 1, 11, 6)),
    'of another name': bytes(bytes => bytes.write('bob', 77)),
    'of another key': bytes(bytes => new PageKey().sign('x').copy(bytes, 29, 0, 32)),
    'of another version': bytes(bytes => { bytes[0] = 2 }),
    'with a MAC of zeros': bytes(bytes => bytes.fill(0, bytes.length - 32)),
    'of text': 'ttb_susan',
    'a Twilio token': (await page.ask()).body.token
  }
  const bodies = new Set<string>()
  for (const [what, text] of Object.entries(forged)) {
    const forger = Object.assign(new Page(url), { session: text, nonce: page.nonce })
    const { status, body: { requestId, ...body }, headers } = await forger.ask()
    t.equal(status, 401, what)
    bodies.add(JSON.stringify([body, headers['www-authenticate'], headers['content-length']]))
  }
  t.equal(bodies.size, 1)
  t.match([...bodies][0], /session-ended/)
  const line = (await audit()).at(-1)!
  t.match(line, { event: 'token.refused', code: 'session-ended', via: 'session' })
  t.same([line.caller, line.sessionId], [undefined, undefined], 'and nobody is named')
})

for (const { what, make, code } of [...hostileProofs, ...hostileUses]) {
  t.test(`a session gets no token by a proof with ${what}`, async t => {
    const { url, audit } = await shared
    const page = await signedIn(url)
    const answer = await page.ask({ proof: make(page.key, page.right()) })
    t.match(answer, { status: 401, body: { code } })
    t.equal('now' in answer.body, code === 'proof-stale')
    t.match((await audit()).at(-1), { event: 'token.refused', code, caller: 'susan', via: 'session', sessionId: /./, products: ['video'] })
    t.match(await page.ask(), { status: 200 }, 'and goes on')
  })
}
const shared = startBroker()
t.teardown(async () => (await shared).close())

t.test('a proof of a megabyte never gets in', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const answer = await page.ask({ proof: 'x'.repeat(2 ** 20) }).catch((error: NodeJS.ErrnoException) => error)
  if (answer instanceof Error) t.match(answer, { code: /^(EPIPE|ECONNRESET)$/ })
  else t.match(answer, { status: 431 })
  t.match(await page.ask(), { status: 200 })
})

t.test('bad signatures with a stolen session stop at the limit of their address', async t => {
  const { url } = await started(t, { settings: { RATE_LIMIT_MAX: '10' } })
  const page = await signedIn(url)
  const answers = await Promise.all(Array.from({ length: 30 }, () => page.ask({ parts: { signature: () => Buffer.alloc(64, 1) } })))
  t.equal(answers.filter(({ body }) => body.code === 'proof-wrong').length, 9)
  t.equal(answers.filter(({ body }) => body.code === 'rate-limited').length, 21)
})

t.test('a caller who is removed or gets another password is signed out within two seconds, others are not', async t => {
  const broker = await started(t, { users: { susan: 'secret123', bob: 'secret123', juan: 'secret123' } })
  const pages = await Promise.all(['susan', 'bob', 'juan'].map(name => signedIn(broker.url, { as: basic(name, 'secret123') })))
  const [susan, bob, juan] = pages as [Page, Page, Page]
  const lines = (await usersOf(broker)).split('\n')
  await broker.write('users.htpasswd', [`susan:${await cheapHash('another one')}`, ...lines.filter(line => line.startsWith('juan'))].join('\n'))
  await until(async () => (await susan.ask()).status === 401, 2000)
  for (const page of [susan, bob]) t.match(await page.ask(), { ...ended, headers: { 'www-authenticate': 'DPoP algs="ES256", error="invalid_token"' } })
  t.match(await juan.ask(), { status: 200 })
  await broker.write('users.htpasswd', lines.map(line => line.startsWith('juan') ? '' : line).join('\n'))
  await broker.reload()
  t.match(await susan.ask(), { status: 200 }, 'an old file brings its sessions back, as it does its passwords')
  t.match(await juan.ask(), ended)
  await broker.write('users.htpasswd', `susan:${await cheapHash('secret123')}\n`)
  await broker.reload()
  t.match(await susan.ask(), ended, 'a new hash of the same password counts as another password')
})

t.test('a users file that cannot be read signs nobody out', async t => {
  const broker = await started(t)
  const page = await signedIn(broker.url)
  await broker.write('users.htpasswd', 'half a li')
  await broker.reload()
  t.match(await page.ask(), { status: 200 })
})

t.test('no use of a session puts off its end', async t => {
  const { url } = await started(t, { settings: { SESSION_TTL: '600' } })
  const page = await signedIn(url)
  for (const seconds of [300, 299]) {
    setClock(t, seconds)
    t.match(await page.ask(), { status: 200 })
  }
  setClock(t, 2)
  t.match(await page.ask(), ended)
  t.match(await page.end(), ended)
})

t.test('who reads the store of callers can make no fingerprint', async t => {
  const one = await started(t, { settings: { SESSION_SECRET } })
  const other = await started(t, { settings: { SESSION_SECRET: 'x'.repeat(32) } })
  await other.write('users.htpasswd', await usersOf(one))
  await other.reload()
  const fingerprintOf = ({ session }: Page) => Buffer.from(session.slice(4), 'base64url').toString('hex', 61, 77)
  t.equal(fingerprintOf(await signedIn(one.url)), fingerprintOf(await signedIn(one.url)))
  t.not(fingerprintOf(await signedIn(one.url)), fingerprintOf(await signedIn(other.url)), 'it is keyed')
})

t.test('the sealing key alone makes nobody\'s session', async t => {
  const broker = await started(t, { settings: { SESSION_SECRET } })
  const page = await signedIn(broker.url)
  const { first } = new SessionKeys([SESSION_SECRET])
  const session = seal(first, {
    login: 'susan',
    caller: { name: 'susan', identity: 'susan' },
    id: 'AAAAAAAAAAAAAAAA',
    opened: nowSeconds(),
    ends: nowSeconds() + 600,
    thumbprint: Buffer.from(page.session.slice(4), 'base64url').subarray(29, 61),
    fingerprint: Buffer.alloc(16)
  })!
  t.match(await Object.assign(page, { session }).ask(), ended)
})

t.test('another secret ends all sessions, one beside the old ends none, and a reload says so', async t => {
  const broker = await started(t, { files: { '.env': `SESSION_SECRET=${SESSION_SECRET}\n` } })
  const page = await signedIn(broker.url)
  const set = async (secrets: string) => {
    await broker.write('.env', `SESSION_SECRET='${secrets}'\n`)
    await broker.reload()
  }
  const next = 'the-next-secret-of-more-than-32-characters'
  t.match(broker.log(), /"keyId":"[0-9a-f]{8}","msg":"sessions are sealed by this key"/)
  await set('x'.repeat(32))
  t.match(broker.log(), /SESSION_SECRET has changed, which ended all sessions/)
  t.match(await page.ask(), ended)
  await page.open()
  await set(`${next} ${'x'.repeat(32)}`)
  t.match(broker.log(), /"alsoTaken":\["[0-9a-f]{8}"\]/)
  t.match(await page.ask(), { status: 200 })
  const sealed = await signedIn(broker.url)
  await set(next)
  t.match(await page.ask(), ended)
  t.match(await sealed.ask(), { status: 200 }, 'the first one seals')
  t.equal(broker.log().split('ended all sessions').length, 2, 'warned of once')
})

t.test('a session as a bearer token is wrong credentials', async t => {
  const { url, audit } = await started(t)
  const page = await signedIn(url)
  for (const request of [{}, { path: '/openapi.json', method: 'GET' }, { path: '/session' }, { path: '/session', method: 'DELETE' }]) {
    for (const as of [`Bearer ${page.session}`, `bearer  ${page.session}`, 'Bearer ttb_']) t.match(await page.ask({ ...request, as }), refused('credentials-wrong'), `${as.slice(0, 20)} ${JSON.stringify(request)}`)
  }
  t.match((await audit()).at(-1), { event: 'token.refused', code: 'credentials-wrong', via: 'session' })
})

t.test('a page of another site can neither sign its visitor in nor use what it has', async t => {
  const { url } = await started(t, { settings: { CORS_ORIGINS: 'https://app.example.com' } })
  const page = new Page(url)
  for (const headers of [{ Origin: 'https://evil.test' }, { Origin: 'null' }, { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Mode': 'navigate' }] as Array<Record<string, string>>) {
    t.match(await page.open({ headers }), { status: 403, headers: { 'set-cookie': undefined, 'access-control-allow-origin': undefined }, body: { code: 'origin-refused' } })
  }
  await page.open({ headers: { Origin: 'https://app.example.com' } })
  t.match(await page.ask({ headers: { Origin: 'https://evil.test' } }), { status: 403 })
  t.match(await page.end({ headers: { Origin: 'https://evil.test' } }), { status: 403 })
  t.match(await page.ask({ headers: { Origin: 'https://app.example.com' } }), { status: 200 })
})

t.test('no session is taken from anywhere but its header', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const { session } = page
  const rows: Array<[what: string, request: PageAsk, status: number]> = [
    ['a query', { path: `/token/video?session=${session}`, headers: { Authorization: '' } }, 401],
    ['a query beside Basic', { path: `/token/video?session=${session}`, as: susan }, 400],
    ['a cookie', { headers: { Authorization: '', Cookie: `session=${session}` } }, 401],
    ['the body', { path: '/token', headers: { Authorization: '' }, body: { session } }, 401],
    ['the password', { as: basic('susan', session) }, 401]
  ]
  for (const [what, request, status] of rows) t.equal((await page.ask(request)).status, status, what)
})

t.test('sessions of names that exist and that do not get the same bytes', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const { first } = new SessionKeys(['another-secret-of-32-characters-and-more'])
  const answers: Answer[] = []
  for (const name of ['susan', 'nobody']) {
    const session = seal(first, { login: name, caller: { name, identity: name }, id: 'AAAAAAAAAAAAAAAA', opened: 1, ends: 2 ** 40, thumbprint: Buffer.alloc(32), fingerprint: Buffer.alloc(16) })!
    answers.push(await Object.assign(new Page(url), { key: page.key, nonce: page.nonce, session }).ask())
  }
  const [one, other] = answers.map(({ status, text, body: { requestId } }) => `${status} ${text.replace(requestId, '')}`)
  t.equal(one, other)
})

t.test('a page whose clock is hours off is told the time, and goes on', async t => {
  const { url } = await started(t)
  for (const off of [-3 * 3600, 3 * 3600]) {
    const page = new Page(url)
    const refusal = await page.open({ parts: { claims: { iat: nowSeconds() + off } } })
    t.match(refusal, { status: 401, body: { code: 'proof-stale', now: /^\d+$/ } })
    const opened = await page.open({ parts: { claims: { iat: Number(refusal.body.now) } } })
    t.equal(opened.status, 201)
    t.match(await page.ask({ parts: { claims: { iat: Number(opened.body.now) } } }), { status: 200 })
    const stale = await page.ask({ parts: { claims: { iat: nowSeconds() + off } } })
    t.match(stale, { status: 401, body: { code: 'proof-stale' } })
    t.ok(Math.abs(Number(stale.body.now) - nowSeconds()) <= 1)
  }
})

t.test('a broker whose clock steps back an hour signs nobody out', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  setClock(t, -3600)
  const { status, body } = await page.ask()
  t.match({ status, body }, refused('proof-stale'), 'its nonce is from the future')
  t.match(await page.ask(), { status: 200 })
  setClock(t, 43_199 + 3600)
  t.match(await page.ask(), refused('proof-stale'))
  t.match(await page.ask(), { status: 200 }, 'and has its whole time')
})

t.test('nodes with one secret take each other\'s sessions, with two they do not', async t => {
  const one = await started(t, { settings: { SESSION_SECRET } })
  const nodes = [await started(t, { settings: { SESSION_SECRET } }), await started(t, { settings: { SESSION_SECRET: 'x'.repeat(32) } })]
  for (const node of nodes) {
    await node.write('users.htpasswd', await usersOf(one))
    await node.reload()
  }
  const page = await signedIn(one.url)
  t.match(await page.ask({}, nodes[0]!.url), { status: 200 })
  t.match(await page.ask({}, nodes[1]!.url), ended)
  const keyIdOf = ({ log }: Broker) => /"keyId":"([0-9a-f]{8})"/.exec(log())![1]
  t.equal(keyIdOf(one), keyIdOf(nodes[0]!))
  t.not(keyIdOf(one), keyIdOf(nodes[1]!), 'which their logs show')
})

t.test('a restart forgets no session', async t => {
  const one = await started(t)
  const page = await signedIn(one.url)
  const next = await started(t)
  await next.write('users.htpasswd', await usersOf(one))
  await next.reload()
  t.match(await page.ask({}, next.url), { status: 200 }, 'sealed by the secret of the API key, where there is no other')
})

t.test('a new API key ends all sessions where there is no secret of their own, which a reload says', async t => {
  const key = (letter: string) => `TWILIO_API_KEY_SID=SK${letter.repeat(32)}\nTWILIO_API_KEY_SECRET=${letter.repeat(16)}0123456789abcdef\n`
  const settings = { TWILIO_API_KEY_SID: '', TWILIO_API_KEY_SECRET: '' }
  const broker = await started(t, { settings, files: { '.env': key('a') } })
  const page = await signedIn(broker.url)
  await broker.write('.env', key('b'))
  await broker.reload()
  t.match(await page.ask(), ended)
  t.match(broker.log(), /the API key has changed, which ended all sessions: .*Set SESSION_SECRET/)
  const kept = await started(t, { settings: { ...settings, SESSION_SECRET }, files: { '.env': key('a') } })
  const other = await signedIn(kept.url)
  await kept.write('.env', key('b'))
  await kept.reload()
  t.match(await other.ask(), { status: 200 })
  t.notMatch(kept.log(), /ended all sessions/)
})

t.test('a proof of 10 kB and a session of 3 kB are refused by their size', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  t.match(await page.ask({ proof: page.key.proof({ claims: { ...page.right(), x: 'x'.repeat(7000) } }) }), refused('proof-wrong'))
  t.match(await page.ask({ as: `DPoP ${page.session}${'A'.repeat(3000)}` }), ended)
})

t.test('two DPoP headers are 400, and nothing behind them is answered', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  t.match(await page.ask({ proof: undefined, headers: { DPoP: [page.proof(), page.proof()] } }), { status: 400, headers: { connection: 'close' }, body: { code: 'request-invalid' } })
})

t.test('guesses that lock a name stop none of its open sessions', async t => {
  const { url } = await started(t, { settings: { LOGIN_FAILURES_MAX: '1' } })
  const page = await signedIn(url)
  t.equal((await ask(url, { as: basic('susan', 'wrong-one') })).status, 401)
  t.match(await ask(url, { as: susan }), { status: 429, body: { code: 'login-limited' } })
  t.match(await page.ask(), { status: 200 })
  t.match(await new Page(url).open(), { status: 429 })
  t.match(await page.end(), { status: 204 })
})

t.test('a caller\'s limit bounds the proofs that are remembered of it', async t => {
  const { url } = await started(t, { settings: { CALLER_LIMIT_MAX: '1', OPERATORS: 'susan' } })
  const page = await signedIn(url)
  await page.ask()
  const proof = page.proof()
  for (let i = 0; i < 3; i++) t.match(await page.ask({ proof }), { status: 429, body: { code: 'caller-limited' } }, 'such a proof is not remembered')
  const { text } = await ask(url, { method: 'GET', path: '/metrics', as: susan })
  t.match(text, /^token_broker_proofs_forgotten_total 0$/m)
  t.match(text, /^token_broker_sessions_opened_total 1$/m)
  t.match(text, /^token_broker_tokens_total\{product="video",via="session"\} 1$/m)
})

const places: Array<{ what: string, seenAs: (url: string) => string, publicUrl?: string, status: number }> = [
  { what: 'a proxy that strips a prefix', seenAs: () => 'https://example.com/twilio', status: 201 },
  { what: 'a proxy with a name of its own', seenAs: () => 'https://tokens.example.com', status: 201 },
  { what: 'a proxy that strips a prefix, with PUBLIC_URL', seenAs: () => 'https://example.com/twilio', publicUrl: 'https://example.com/twilio', status: 201 },
  { what: 'its own address, with PUBLIC_URL', seenAs: url => url, publicUrl: 'https://example.com/twilio', status: 201 },
  { what: 'another prefix than that of PUBLIC_URL', seenAs: () => 'https://example.com/other', publicUrl: 'https://example.com/twilio', status: 401 },
  { what: 'another origin than that of PUBLIC_URL', seenAs: () => 'https://evil.test/twilio', publicUrl: 'https://example.com/twilio', status: 401 }
]

for (const { what, seenAs, publicUrl, status } of places) {
  t.test(`a page that sees the broker behind ${what} ${status === 201 ? 'has' : 'gets'} ${status === 201 ? 'sessions' : 'none'}`, async t => {
    const { url } = await started(t, { settings: publicUrl === undefined ? {} : { PUBLIC_URL: publicUrl } })
    const page = new Page(url, seenAs(url))
    t.match(await page.open(), { status })
    if (status === 201) for (const request of [{}, { path: '/token' }, { method: 'DELETE', path: '/session' }]) t.match((await page.ask(request)).status, /^20[04]$/)
  })
}

t.test('nodes whose token lives differ take each other\'s nonces', async t => {
  const [short, long] = [await started(t, { settings: { SESSION_SECRET, TOKEN_TTL: '180' } }), await started(t, { settings: { SESSION_SECRET, TOKEN_TTL: '86400' } })]
  await long.write('users.htpasswd', await usersOf(short))
  await long.reload()
  const page = await signedIn(short.url)
  for (let i = 0; i < 4; i++) for (const { url } of [long, short]) t.match(await page.ask({}, url), { status: 200 })
  setClock(t, 3600)
  t.match(await page.ask({}, long.url), { status: 200 })
  setClock(t, 3600)
  t.match(await page.ask({}, short.url), refused('proof-stale'))
  t.match(await page.ask({}, short.url), { status: 200 }, 'a second proof is enough')
})

t.test('a reload lowers the life of open sessions, and turns all of them off', async t => {
  const broker = await started(t, { files: { '.env': 'SESSION_TTL=3600\n' } })
  const page = await signedIn(broker.url)
  setClock(t, 900)
  t.match((await page.ask()).status, 200)
  await broker.write('.env', 'SESSION_TTL=600\n')
  await broker.reload()
  t.match(await page.ask(), ended)
  await page.open()
  t.match(await page.ask(), { status: 200 })
  await broker.write('.env', 'SESSION_TTL=0\n')
  await broker.reload()
  t.match(await page.ask(), refused('credentials-missing'))
  t.match(await page.open(), { status: 404 })
})

t.test('a thousand requests of twenty sessions at once get each its own caller\'s token', async t => {
  const users = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`caller${i}`, 'secret123']))
  const { url } = await started(t, { users })
  const pages = await Promise.all(Object.keys(users).map(async name => ({ name, page: await signedIn(url, { as: basic(name, 'secret123') }) })))
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => pages[i % 20]!.page.ask()))
    for (const [i, { body: { identity } }] of answers.entries()) if (identity !== pages[i % 20]!.name) t.fail(`${identity}`)
  }
})
