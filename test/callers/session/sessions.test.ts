import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { SessionKeys } from '../../../src/callers/session/keys.js'
import { createSessionMemory } from '../../../src/callers/session/memory.js'
import { ProofKeys } from '../../../src/callers/session/proof-keys.js'
import { matchesUrl } from '../../../src/callers/session/proof-url.js'
import { signSession, verifySession } from '../../../src/callers/session/signed-session.js'
import type { Standing } from '../../../src/callers/store.js'
import { PageKey } from '../../helpers/dpop.js'
import { hostileProofs, hostileUses, withOtherS } from '../../helpers/hostile-proofs.js'
import { oneCaller, secret, sessionsOf, susan } from '../../helpers/sessions.js'

const ended = { code: 'session-ended' }

t.test('a session that was opened is used by its key, again and again until its end', async t => {
  const broker = sessionsOf()
  const { session, id, proof, now, ...answer } = broker.open()
  t.match(session, /^ttb_[\w-]+$/)
  t.match(id, /^[\w-]{16}$/)
  t.equal(now, broker.now())
  t.same(answer, { expiresIn: 43_200, expiresAt: new Date((now + 43_200) * 1000).toISOString() })
  for (let use = 0; use < 3; use++) t.has(await broker.use(session), { caller: susan, id, ends: now + 43_200, verified: [{ id, caller: susan }] })
  broker.pass(43_199)
  t.has(await broker.use(session), { id })
  broker.pass(1)
  t.has(await broker.use(session), ended)
})

for (const { what, make, code } of [...hostileProofs, ...hostileUses]) {
  t.test(`a proof with ${what} is ${code}`, async t => {
    const broker = sessionsOf()
    const { session } = broker.open()
    const answer = await broker.authenticate(session, make(broker.page, broker.rightFor(session)))
    t.has(answer, { code, now: code === 'proof-stale' ? broker.now() : undefined })
    t.equal(broker.store.asked.length, 0, 'the store is not asked')
    t.has(await broker.use(session), { caller: susan }, 'the session goes on')
  })
}

for (const { what, make, code } of hostileProofs) {
  t.test(`no session is opened by a proof with ${what}`, t => {
    const { page, sessions } = sessionsOf()
    const proof = make(page, { htm: 'POST', htu: 'https://tokens.example.com/session', nonce: '', ath: undefined as unknown as string })
    t.throws(() => sessions.open(sessions.readOpening(proof, { method: 'POST', path: '/session' }), 'susan', susan), { code })
    t.end()
  })
}

t.test('a proof may have any nonce at the opening, and no ath', async t => {
  const { open } = sessionsOf()
  t.throws(() => open({ claims: { ath: 'x' } }), { code: 'proof-wrong' })
  t.ok(open({ claims: { nonce: 'x' } }))
  const { sessions } = sessionsOf()
  t.throws(() => sessions.readOpening(undefined, { method: 'POST', path: '/session' }), { code: 'proof-wrong' })
})

const harmless: Array<{ what: string, claims?: object, header?: object, late?: number }> = [
  { what: 'a query and a fragment', claims: { htu: 'https://tokens.example.com/token/video?a=b#c' } },
  { what: 'a scheme and a host in capitals', claims: { htu: 'HTTPS://Tokens.Example.COM:443/token/video' } },
  { what: 'a prefix that a proxy strips', claims: { htu: 'https://example.com/twilio/v1/token/video' } },
  { what: 'claims that nobody asked for', claims: { exp: 1, aud: ['x', { y: [] }], note: 'a "quoted": text' } },
  { what: 'members of the header and the key that nobody asked for', header: { kid: '1' } },
  { what: 'an iat 60 s ago', late: 59 },
  { what: 'an iat 60 s ahead', late: -60 }
]

for (const { what, claims = {}, header = {}, late = 0 } of harmless) {
  t.test(`a proof with ${what} is right`, async t => {
    const broker = sessionsOf()
    const { session } = broker.open()
    const proof = broker.page.proof({ header, claims: { ...broker.rightFor(session), iat: broker.now() - late, ...claims } })
    t.has(await broker.authenticate(session, proof), { caller: susan })
  })
}

t.test('the other s of a signature is as right, and names the same proof', async t => {
  const broker = sessionsOf()
  const { session } = broker.open()
  const [one, other] = ['one', 'other'].map(kind => broker.page.proof({
    claims: { ...broker.rightFor(session), jti: 'one' },
    signature: signed => kind === 'other' ? withOtherS(broker.page.sign(signed)) : broker.page.sign(signed)
  }))
  const proofs = [await broker.authenticate(session, one), await broker.authenticate(session, other)] as Array<{ proof: string }>
  t.ok(proofs[0]!.proof)
  t.equal(proofs[0]!.proof, proofs[1]!.proof)
})

t.test('a point off the curve has the thumbprint of nobody, and opens nothing', t => {
  const { sessions } = sessionsOf()
  const page = new PageKey()
  page.jwk.x = Buffer.alloc(32, 7).toString('base64url')
  const proof = page.proof({ claims: { htu: 'https://tokens.example.com/session' } })
  t.throws(() => sessions.open(sessions.readOpening(proof, { method: 'POST', path: '/session' }), 'susan', susan), { code: 'proof-wrong' })
  t.end()
})

t.test('the key of another session is none for this one, and costs no elliptic curve', async t => {
  const proofKeys = new ProofKeys()
  let checked = 0
  const broker = sessionsOf({ memory: { ...createSessionMemory({}), proofKeys: Object.assign(proofKeys, { isSigned: (proof: Parameters<ProofKeys['isSigned']>[0]) => { checked++; return ProofKeys.prototype.isSigned.call(proofKeys, proof) } }) } })
  const { session } = broker.open()
  t.equal(checked, 1)
  const other = new PageKey()
  t.has(await broker.authenticate(session, other.proof({ claims: broker.rightFor(session) })), { code: 'proof-wrong' })
  for (const { make } of hostileUses) await broker.authenticate(session, make(broker.page, broker.rightFor(session)))
  t.equal(checked, 1)
})

t.test('just after a restart new keys are verified over several turns of the event loop, and a known key waits for none of them', async t => {
  const proofKeys = new ProofKeys()
  let verified = 0
  const counted = Object.assign(proofKeys, { isSigned: (proof: Parameters<ProofKeys['isSigned']>[0]) => { verified++; return ProofKeys.prototype.isSigned.call(proofKeys, proof) } })
  const restarted = sessionsOf({ memory: { ...createSessionMemory({}), proofKeys: counted } })
  const known = restarted.open().session
  const pages = Array.from({ length: 16 }, () => {
    const { page, open } = sessionsOf()
    return { page, session: open().session }
  })
  verified = 0
  const renewals = pages.map(({ page, session }) => restarted.authenticate(session, page.proof({ claims: restarted.rightFor(session) })))

  let isAnswered = false
  const renewal = restarted.use(known).then(answer => { isAnswered = true; return answer })
  for (let microtask = 0; microtask < 100; microtask++) await undefined
  t.strictSame({ isAnswered, verified }, { isAnswered: true, verified: 1 })
  t.has(await renewal, { caller: susan })

  const turns: number[] = []
  for (let turn = 0; turn < 16; turn++) {
    const before = verified
    await nextTurn()
    turns.push(verified - before)
  }
  t.ok(turns.every(count => count <= 2), `in each turn: ${turns.join(', ')}`)
  t.has(await Promise.all(renewals), pages.map(() => ({ caller: susan })))
  t.equal(verified, 17)
})

t.test('a proof that became too old while it waited for its turn is stale', async t => {
  const { page, open } = sessionsOf()
  const { session } = open()
  const restarted = sessionsOf()
  const renewal = restarted.authenticate(session, page.proof({ claims: restarted.rightFor(session) }))
  for (let microtask = 0; microtask < 100; microtask++) await undefined
  restarted.pass(61)
  t.has(await renewal, { code: 'proof-stale' })
})

/** What is done to a session's text, and that is then no session. */
const altered: Array<{ what: string, change: (session: string) => string }> = [
  { what: 'nothing', change: () => '' },
  { what: 'a Twilio token', change: () => 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA' },
  { what: 'a session without its prefix', change: session => session.slice(4) },
  { what: 'a session with another prefix', change: session => session.replace('ttb_', 'TTB_') },
  { what: 'a session cut by one character', change: session => session.slice(0, -1) },
  { what: 'a session cut to its head', change: session => session.slice(0, 40) },
  { what: 'the prefix alone', change: () => 'ttb_' },
  { what: 'a session extended by one character', change: session => `${session}A` },
  { what: 'a session extended by four characters', change: session => `${session}AAAA` },
  { what: 'a session with padding', change: session => `${session}==` },
  { what: 'a session with a blank inside', change: session => `${session.slice(0, 20)} ${session.slice(20)}` },
  { what: 'a session of another version', change: session => bytesOf(session, bytes => { bytes[0] = 2 }) },
  { what: 'a session of another key', change: session => bytesOf(session, bytes => { bytes[1]! ^= 1 }) },
  { what: 'a session that ends later', change: session => bytesOf(session, bytes => { bytes[12]! ^= 1 }) },
  { what: 'a session of another name', change: session => bytesOf(session, bytes => { bytes[77]! ^= 1 }) },
  { what: 'a session with another MAC', change: session => bytesOf(session, bytes => { bytes[bytes.length - 1]! ^= 1 }) },
  { what: 'a session of 3 kB', change: session => session + 'A'.repeat(3000) }
]

function bytesOf (session: string, change: (bytes: Buffer) => void): string {
  const bytes = Buffer.from(session.slice(4), 'base64url')
  change(bytes)
  return `ttb_${bytes.toString('base64url')}`
}

for (const { what, change } of altered) {
  t.test(`${what} is no session`, async t => {
    const broker = sessionsOf()
    const text = change(broker.open().session)
    const answer = await broker.use(text)
    t.has(answer, ended)
    t.same(answer.verified, [], 'and tells nobody\'s name')
  })
}

t.test('every bit of a session counts', async t => {
  const broker = sessionsOf()
  const { session } = broker.open()
  const keys = new SessionKeys([secret])
  const { length } = Buffer.from(session.slice(4), 'base64url')
  for (let bit = 0; bit < length * 8; bit++) {
    const text = bytesOf(session, bytes => { bytes[bit >> 3]! ^= 1 << (bit & 7) })
    if (verifySession(keys, text) !== undefined) return t.fail(`bit ${bit}`)
  }
})

t.test('a session is taken wherever one of the secrets is', async t => {
  const [old, next] = ['old '.repeat(8), 'next'.repeat(8)] as const
  const { session } = sessionsOf({ secrets: [old] }).open()
  for (const [secrets, isTaken] of [[[old], true], [[next, old], true], [[next, secret, old], true], [[next], false], [[secret], false]] as const) {
    t.equal(verifySession(new SessionKeys(secrets as unknown as [string]), session) !== undefined, isTaken)
  }
  t.same(new SessionKeys([next, old]).ids, [...new SessionKeys([next]).ids, ...new SessionKeys([old]).ids])
  t.match(new SessionKeys([old]).ids, [/^[0-9a-f]{8}$/])
})

t.test('a lowered life counts from the opening, a raised one changes nothing', async t => {
  const store = oneCaller()
  const long = sessionsOf({ store, ttl: 7200 })
  const { session, now } = long.open()
  const rows = [
    { ttl: 600, age: 599, isTaken: true },
    { ttl: 600, age: 600, isTaken: false },
    { ttl: 86_400, age: 7199, isTaken: true },
    { ttl: 86_400, age: 7200, isTaken: false }
  ]
  for (const { ttl, age, isTaken } of rows) {
    const broker = sessionsOf({ store, ttl, now: () => now + age })
    const answer = await broker.authenticate(session, long.page.proof({ claims: { ...broker.rightFor(session), iat: now + age } }))
    t.has(answer, isTaken ? { caller: susan } : ended, `${ttl} s, after ${age} s`)
  }
})

t.test('a clock that is set back an hour signs nobody out', async t => {
  const broker = sessionsOf()
  const { session } = broker.open()
  broker.pass(-3600)
  t.has(await broker.use(session), { caller: susan })
})

const changes: Array<{ what: string, found: Standing | null | 'ended', kind?: 'database' }> = [
  { what: 'is gone', found: null },
  { what: 'has another password', found: { caller: susan, credential: 'other' } },
  { what: 'has another identity', found: { caller: { name: 'susan', identity: 'bob' }, credential: 'hash' } },
  { what: 'has another name', found: { caller: { name: 'Susan', identity: 'susan' }, credential: 'hash' } },
  { what: 'is kept in a store of another kind', found: { caller: susan, credential: 'hash' }, kind: 'database' },
  { what: 'has its texts cut elsewhere', found: { caller: { name: 'susan', identity: 'usan' }, credential: 'hashs' } }
]

for (const { what, found, kind } of changes) {
  t.test(`the sessions of a caller who ${what} are over, until that is undone`, async t => {
    const broker = sessionsOf()
    const { session } = broker.open()
    const before = { found: broker.store.found, kind: broker.store.kind }
    Object.assign(broker.store, { found, kind: kind ?? before.kind })
    t.has(await broker.use(session), ended)
    Object.assign(broker.store, before)
    t.has(await broker.use(session), { caller: susan })
  })
}

t.test('what the store says has ended stays so', async t => {
  const broker = sessionsOf()
  const { session } = broker.open()
  const { found } = broker.store
  broker.store.found = 'ended'
  t.has(await broker.use(session), ended)
  broker.store.found = found
  t.has(await broker.use(session), ended)
})

t.test('a session that was ended is none, and asks for no proof', async t => {
  const broker = sessionsOf()
  const { session, id } = broker.open()
  await broker.sessions.end({ id, ends: broker.now() + 43_200 })
  t.has(await broker.use(session), ended)
  t.has(await broker.authenticate(session, undefined), ended)
})

t.test('a nonce is taken for two lives of a token, and for ten minutes at least', async t => {
  for (const [tokenTtl, life] of [[180, 600], [3600, 7200]] as const) {
    const broker = sessionsOf({ tokenTtl })
    const { session } = broker.open()
    const nonce = broker.sessions.nonce()
    broker.pass(life)
    t.has(await broker.use(session, { nonce }), { caller: susan })
    broker.pass(1)
    t.has(await broker.use(session, { nonce }), { code: 'proof-stale', now: broker.now() })
  }
})

t.test('a nonce of another node is taken, of another secret it is not', async t => {
  const broker = sessionsOf({ secrets: [secret, 'old '.repeat(8)] })
  const { session } = broker.open()
  for (const [other, answer] of [
    [sessionsOf({ tokenTtl: 86_400 }), { caller: susan }],
    [sessionsOf({ secrets: ['old '.repeat(8)] }), { caller: susan }],
    [sessionsOf({ secrets: ['other'.repeat(8)] }), { code: 'proof-stale' }]
  ] as const) t.has(await broker.use(session, { nonce: other.sessions.nonce() }), answer)
  const ahead = sessionsOf()
  ahead.pass(59)
  t.has(await broker.use(session, { nonce: ahead.sessions.nonce() }), { caller: susan })
  ahead.pass(3600)
  t.has(await broker.use(session, { nonce: ahead.sessions.nonce() }), { code: 'proof-stale' })
})

t.test('a nonce is made once a second', t => {
  const { sessions, pass } = sessionsOf()
  const first = sessions.nonce()
  t.equal(sessions.nonce(), first)
  pass(1)
  t.not(sessions.nonce(), first)
  t.end()
})

t.test('whoever has changed since the password was right gets no session', t => {
  const { open } = sessionsOf()
  t.throws(() => open({}, 'susan', { name: 'susan', identity: 'susan' }), { code: 'credentials-wrong' })
  t.end()
})

t.test('a session says who it is of, however the store answered', async t => {
  const keys = new SessionKeys([secret])
  const rest = { id: 'AAAAAAAAAAAAAAAA', opened: 1, ends: 2, thumbprint: Buffer.alloc(32, 1), fingerprint: Buffer.alloc(16, 2) }
  for (const holder of [
    { login: 'susan', caller: susan },
    { login: 'susan@example.com', caller: { name: 'susan', identity: 'agent 7' } },
    { login: 'Susan', caller: { name: 'Susan', identity: 'Susan', asTyped: true as const } },
    { login: 'Susan', caller: { name: 'Susan', identity: 'agent 7', asTyped: true as const } },
    { login: 'Zo\u00eb', caller: { name: 'Zo\u00eb', identity: 'Zo\u00eb' }, version: 'v1' },
    { login: 'susan', caller: { name: 'susan', identity: 'susan', asTyped: true as const }, version: '' }
  ]) t.same(verifySession(keys, signSession(keys.first, { ...holder, ...rest })!)?.session, { version: undefined, ...holder, ...rest })
})

t.test('no session is opened that would be too long to be taken', t => {
  const long = { name: 'susan', identity: '\u{1f511}'.repeat(419) }
  const { open } = sessionsOf({ store: oneCaller({ caller: long, credential: 'hash' }) })
  t.ok(open({}, 'susan', long).session.length <= 2400)
  const longer = { name: 'susan', identity: '\u{1f511}'.repeat(420) }
  const other = sessionsOf({ store: oneCaller({ caller: longer, credential: 'hash' }) })
  t.throws(() => other.open({}, 'susan', longer), { code: 'identity-unsuitable' })
  t.end()
})

const places: Array<{ what: string, publicUrl?: string, prefix?: string, path?: string, right: string[], wrong: string[] }> = [
  {
    what: 'PUBLIC_URL',
    publicUrl: 'https://Example.com/twilio/',
    right: ['https://example.com/twilio/token/video', 'HTTPS://EXAMPLE.com:443/twilio/token/video?x', 'http://127.0.0.1:3000/token/video', 'http://localhost:3000/token/video'],
    wrong: ['https://example.com/v1/token/video', 'http://example.com/twilio/token/video', 'https://evil.test/twilio/token/video', 'https://example.com:8443/twilio/token/video',
      'http://127.0.0.1:3000/twilio/token/video', 'http://127.0.0.1:3001/token/video', 'https://example.com/twilio/v1/token/video']
  },
  { what: 'PUBLIC_URL without a path', publicUrl: 'https://example.com', right: ['https://example.com/token/video'], wrong: ['https://example.com//token/video', 'https://example.com/a/token/video'] },
  {
    what: 'an application around it',
    publicUrl: 'https://example.com',
    prefix: '/twilio',
    path: '/twilio/token/video',
    right: ['https://example.com/twilio/token/video', 'https://example.com/token/video', 'http://127.0.0.1:3000/twilio/token/video'],
    wrong: ['https://example.com/other/token/video', 'http://127.0.0.1:3000/token/video']
  },
  { what: 'an application around it, and no PUBLIC_URL', prefix: '/twilio', path: '/twilio/token/video', right: ['https://example.com/twilio/token/video', 'https://example.com/a/token/video'], wrong: ['https://example.com/atoken/video'] }
]

for (const { what, publicUrl, prefix = '', path = '/token/video', right, wrong } of places) {
  t.test(`where a proof is for, with ${what}`, t => {
    const ownOrigins = new Set(['http://127.0.0.1:3000', 'http://localhost:3000'])
    for (const htu of right) t.ok(matchesUrl(htu, path, { publicUrl, ownOrigins, prefix }), htu)
    for (const htu of wrong) t.notOk(matchesUrl(htu, path, { publicUrl, ownOrigins, prefix }), htu)
    t.end()
  })
}

t.test('a key is kept once it has signed, and no more keys than so many', t => {
  const keys = new ProofKeys()
  const page = new PageKey()
  const { sessions } = sessionsOf()
  const read = (text: string) => sessions.readOpening(text, { method: 'POST', path: '/session' })
  const claims = { htu: 'https://tokens.example.com/session' }
  const wrong = read(page.proof({ claims, signature: () => Buffer.alloc(64, 1) }))
  t.notOk(keys.isSigned(wrong))
  const right = read(page.proof({ claims }))
  t.ok(keys.isSigned(right))
  t.ok(keys.isSigned(right))
  t.notOk(keys.isSigned(wrong))
  t.end()
})
