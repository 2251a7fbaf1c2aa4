import t from 'tap'
import { nowSeconds } from '../../helpers/dpop.js'
import { Page, setClock, signedIn } from '../../helpers/page.js'
import { anotherNode, ended, refused, SESSION_SECRET, started } from './nodes.js'

t.test('S53: no use of a session puts off its end', async t => {
  const { url } = await started(t, { settings: { SESSION_TTL: '600' } })
  const page = await signedIn(url)
  for (const seconds of [300, 240]) {
    setClock(t, seconds)
    t.match(await page.ask(), { status: 200 })
  }
  setClock(t, 60)
  t.has(await page.ask(), ended)
  t.has(await page.end(), ended)
})

t.test('S61: a page whose clock is hours off is told the time, and goes on', async t => {
  const { url } = await started(t)
  for (const off of [-3 * 3600, 3 * 3600]) {
    const page = new Page(url)
    const refusal = await page.open({ parts: { claims: { iat: nowSeconds() + off } } })
    t.has(refusal, { status: 401, body: { code: 'proof-stale' } })
    t.match(refusal.body.now, /^\d+$/)
    const opened = await page.open({ parts: { claims: { iat: Number(refusal.body.now) } } })
    t.equal(opened.status, 201)
    t.match(await page.ask({ parts: { claims: { iat: Number(opened.body.now) } } }), { status: 200 })
    const stale = await page.ask({ parts: { claims: { iat: nowSeconds() + off } } })
    t.has(stale, { status: 401, body: { code: 'proof-stale' } })
    t.ok(Math.abs(Number(stale.body.now) - nowSeconds()) <= 30)
  }
})

t.test('S62: a broker whose clock steps back an hour signs nobody out', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  setClock(t, -3600)
  const { status, body } = await page.ask()
  t.has({ status, body }, refused('proof-stale'), 'its nonce is from the future')
  t.match(await page.ask(), { status: 200 })
  setClock(t, 43_200 - 60 + 3600)
  t.has(await page.ask(), refused('proof-stale'))
  t.match(await page.ask(), { status: 200 }, 'and has its whole time, but for a minute')
})

t.test('S70: nodes whose token lives differ take each other\'s nonces', async t => {
  const short = await started(t, { settings: { SESSION_SECRET, TOKEN_TTL: '180' } })
  const long = await anotherNode(t, short, { SESSION_SECRET, TOKEN_TTL: '86400' })
  const page = await signedIn(short.url)
  for (let i = 0; i < 4; i++) for (const { url } of [long, short]) t.match(await page.ask({}, url), { status: 200 })
  setClock(t, 3600)
  t.match(await page.ask({}, long.url), { status: 200 })
  setClock(t, 3600)
  t.has(await page.ask({}, short.url), refused('proof-stale'))
  t.match(await page.ask({}, short.url), { status: 200 }, 'a second proof is enough')
})

t.test('a reload lowers the life of open sessions, and turns all of them off', async t => {
  const broker = await started(t, { files: { '.env': 'SESSION_TTL=3600\n' } })
  const page = await signedIn(broker.url)
  setClock(t, 900)
  t.match((await page.ask()).status, 200)
  await broker.write('.env', 'SESSION_TTL=600\n')
  await broker.reload()
  t.has(await page.ask(), ended)
  await page.open()
  t.match(await page.ask(), { status: 200 })
  await broker.write('.env', 'SESSION_TTL=0\n')
  await broker.reload()
  t.has(await page.ask(), refused('credentials-missing'))
  t.match(await page.open(), { status: 404 })
})
