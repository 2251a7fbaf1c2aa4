import t from 'tap'
import { startBroker, susan } from '../../helpers/broker.js'
import { hostileProofs, hostileUses, withOtherS } from '../../helpers/hostile-proofs.js'
import { ask } from '../../helpers/http.js'
import { Page, signedIn, type PageAsk } from '../../helpers/page.js'
import { countVerifications } from './verifications.js'
import { refused, started } from './nodes.js'

const shared = startBroker()
t.teardown(async () => (await shared).close())

for (const { what, make, code } of [...hostileProofs, ...hostileUses]) {
  t.test(`a session gets no token by a proof with ${what}`, async t => {
    const { url, audit } = await shared
    const page = await signedIn(url)
    const answer = await page.ask({ proof: make(page.key, page.right()) })
    t.has(answer, { status: 401, body: { code } })
    t.equal('now' in answer.body, code === 'proof-stale')
    const line = (await audit()).at(-1)!
    t.has(line, { event: 'token.refused', code, caller: 'susan', via: 'session', products: ['video'] })
    t.match(line.sessionId, /./)
    t.match(await page.ask(), { status: 200 }, 'and goes on')
  })
}
const harmless: Array<{ what: string, parts: (page: Page) => PageAsk['parts'] }> = [
  { what: 'a query and a fragment in htu', parts: page => ({ claims: { htu: `${page.right().htu}?a=b#c` } }) },
  { what: 'a scheme in capitals in htu', parts: page => ({ claims: { htu: page.right().htu.replace('http', 'HTTP') } }) },
  { what: 'claims that nobody asked for', parts: () => ({ claims: { exp: 1, aud: ['x'], note: 'a "quoted": text' } }) },
  { what: 'the other s of its signature', parts: ({ key }) => ({ claims: { jti: 'one' }, signature: signed => withOtherS(key.sign(signed)) }) }
]

for (const { what, parts } of harmless) {
  t.test(`a session gets a token by a proof with ${what}`, async t => {
    const page = await signedIn((await shared).url)
    t.match(await page.ask({ parts: parts(page)! }), { status: 200 })
    if (what.includes('other s')) t.has(await page.ask({ parts: { claims: { jti: 'one' } } }), refused('proof-replayed'), 'and it is the same proof')
  })
}

t.test('S47: no signature is verified for who is not the holder of the key, and none of a form that is not ours', async t => {
  const { url } = await shared
  const page = await signedIn(url)
  const rows: Array<{ what: string, request: PageAsk, verified: number }> = [
    { what: 'a forged session', request: { as: `DPoP ${page.session}AAAA` }, verified: 0 },
    { what: 'another page\'s proof', request: { proof: new Page(url).key.proof({ claims: page.right() }) }, verified: 0 },
    { what: 'another algorithm', request: { parts: { header: { alg: 'RS256' } } }, verified: 0 },
    { what: 'an old nonce', request: { parts: { claims: { nonce: 'A'.repeat(35) } } }, verified: 0 },
    { what: 'another session\'s proof', request: { parts: { claims: { ath: 'x' } } }, verified: 0 },
    { what: 'an iat that is off', request: { parts: { claims: { iat: 1 } } }, verified: 0 },
    { what: 'a wrong signature', request: { parts: { signature: () => Buffer.alloc(64, 1) } }, verified: 1 },
    { what: 'a right one', request: {}, verified: 1 }
  ]
  for (const { what, request, verified } of rows) {
    const count = countVerifications()
    await page.ask(request)
    t.equal(count.stop(), verified, what)
  }
})

t.test('a proof of a megabyte never gets in', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const answer = await page.ask({ proof: 'x'.repeat(2 ** 20) }).catch((error: NodeJS.ErrnoException) => error)
  if (answer instanceof Error) t.match(answer, { code: /^(EPIPE|ECONNRESET)$/ })
  else t.match(answer, { status: 431 })
  t.match(await page.ask(), { status: 200 })
})

t.test('S49: bad signatures with a stolen session stop at the limit of their address', async t => {
  const { url } = await started(t, { settings: { RATE_LIMIT_MAX: '10' } })
  const page = await signedIn(url)
  const answers = await Promise.all(Array.from({ length: 30 }, () => page.ask({ parts: { signature: () => Buffer.alloc(64, 1) } })))
  t.equal(answers.filter(({ body }) => body.code === 'proof-wrong').length, 9)
  t.equal(answers.filter(({ body }) => body.code === 'rate-limited').length, 21)
})

t.test('S67: a caller\'s limit bounds the proofs that are remembered of it', async t => {
  const { url } = await started(t, { settings: { CALLER_LIMIT_MAX: '1', OPERATORS: 'susan' } })
  const page = await signedIn(url)
  await page.ask()
  const proof = page.proof()
  for (let i = 0; i < 3; i++) t.has(await page.ask({ proof }), { status: 429, body: { code: 'caller-limited' } }, 'such a proof is not remembered')
  const { text } = await ask(url, { method: 'GET', path: '/metrics', as: susan })
  t.match(text, /^token_broker_proofs_forgotten_total 0$/m)
  t.match(text, /^token_broker_sessions_opened_total 1$/m)
  t.match(text, /^token_broker_tokens_total\{product="video",via="session"\} 1$/m)
})
