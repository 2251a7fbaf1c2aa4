import t from 'tap'
import { susan } from '../../helpers/broker.js'
import { nowSeconds } from '../../helpers/dpop.js'
import { ask } from '../../helpers/http.js'
import { Page, setClock, signedIn } from '../../helpers/page.js'
import { refused, started } from './nodes.js'

t.test('S36: a session that is read in a log is useless without its key', async t => {
  const { url } = await started(t)
  const { session, nonce } = await signedIn(url)
  const thief = Object.assign(new Page(url), { session, nonce })
  t.has(await thief.ask({ proof: undefined }), refused('proof-wrong'))
  t.has(await thief.ask(), refused('proof-wrong'))
  t.has(await thief.end(), refused('proof-wrong'))
})

t.test('S37: a session and a proof that are read together are no use again', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = page.proof()
  t.match(await page.ask({ proof }), { status: 200 })
  t.has(await page.ask({ proof }), { ...refused('proof-replayed'), headers: { 'www-authenticate': 'DPoP algs="ES256", error="invalid_dpop_proof"' } })
  const ending = page.proof({ method: 'DELETE', path: '/session' })
  const reading = page.proof({ method: 'GET', path: '/openapi.json' })
  t.match(await page.ask({ method: 'GET', path: '/openapi.json', proof: reading }), { status: 200 })
  t.has(await page.ask({ method: 'GET', path: '/openapi.json', proof: reading }), refused('proof-replayed'))
  const all = await Promise.all(Array.from({ length: 5 }, () => page.end({ proof: ending })))
  t.same(all.map(({ status }) => status).sort(), [204, 401, 401, 401, 401])
})

t.test('a proof that was refused for its body is no use again either', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = page.proof()
  t.match(await page.ask({ proof, body: { rooms: 1 } }), { status: 400 })
  t.has(await page.ask({ proof }), refused('proof-replayed'))
})

t.test('a proof is over two minutes after it was made, whatever is remembered of it', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = page.proof()
  setClock(t, 61)
  t.has(await page.ask({ proof }), refused('proof-stale'))
})

t.test('S39: a proof is for one route, method and product', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const proof = () => page.proof()
  const others = [
    { path: '/token/voice' },
    { path: '/token' },
    { path: '/token/nothing' },
    { method: 'GET' },
    { method: 'GET', path: '/openapi.json' },
    { method: 'DELETE', path: '/session' }
  ]
  for (const request of others) {
    t.has(await page.ask({ ...request, proof: proof() }), refused('proof-wrong'), JSON.stringify(request))
  }
  t.match(await page.ask({ proof: proof() }), { status: 200 })
})

t.test('S40: a proof is for one session', async t => {
  const { url } = await started(t)
  const [one, other] = [await signedIn(url), await signedIn(url)]
  t.has(await other.ask({ proof: one.proof() }), refused('proof-wrong'))
  t.has(await other.ask({ proof: one.key.proof({ claims: other.right() }) }), refused('proof-wrong'), 'its key is bound to it')
  const again = Object.assign(new Page(url), { key: one.key })
  await again.open()
  t.has(await again.ask({ proof: one.proof() }), refused('proof-wrong'), 'and it names it')
})

t.test('S44: proofs that a script signed for later are worth two token lives at most', async t => {
  const { url } = await started(t, { settings: { TOKEN_TTL: '3600' } })
  const page = await signedIn(url)
  const later = (seconds: number) => page.proof({ parts: { claims: { iat: nowSeconds() + seconds } } })
  const [now, soon, late] = [later(3600), later(7190), later(7260)]
  const answer = await page.ask({ proof: now })
  t.has(answer, refused('proof-stale'))
  t.match(answer.body.now, /^\d+$/)
  setClock(t, 7190)
  t.match(await page.ask({ proof: soon }), { status: 200 })
  setClock(t, 70)
  t.has(await page.ask({ proof: late }), refused('proof-stale'))
})

t.test('S45: a script in the page gets what its caller may have, on record', async t => {
  const { url, audit } = await started(t, { settings: { CALLER_LIMIT_MAX: '3' } })
  const [page, other] = [await signedIn(url), await signedIn(url)]
  for (let i = 0; i < 3; i++) t.match(await (i === 1 ? other : page).ask(), { status: 200 })
  const answer = await page.ask()
  t.has(answer, { status: 429, body: { code: 'caller-limited' } })
  t.match(answer.headers['retry-after'], /./)
  t.match(await ask(url, { as: susan }), { status: 429 }, 'one limit for all sessions and passwords of a caller')
  const lines = (await audit()).slice(2)
  t.same(lines.map(({ via }) => via), ['session', 'session', 'session', 'session', 'basic'])
  t.equal(new Set(lines.map(({ sessionId }) => sessionId)).size, 3)
})
