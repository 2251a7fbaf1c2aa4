import t from 'tap'
import type { Broker } from '../../helpers/broker.js'
import { signedIn } from '../../helpers/page.js'
import { anotherNode, ended, refused, SESSION_SECRET, started } from './nodes.js'

t.test('S56: another secret ends all sessions, one beside the old ends none, and a reload says so', async t => {
  const broker = await started(t, { files: { '.env': `SESSION_SECRET=${SESSION_SECRET}\n` } })
  const page = await signedIn(broker.url)
  const set = async (secrets: string) => {
    await broker.write('.env', `SESSION_SECRET='${secrets}'\n`)
    await broker.reload()
  }
  const next = 'the-next-secret-of-more-than-32-characters'
  t.match(broker.log(), /"keyId":"[0-9a-f]{8}","msg":"sessions are signed by this key"/)
  await set('x'.repeat(32))
  t.match(broker.log(), /SESSION_SECRET has changed, which ended all sessions/)
  t.has(await page.ask(), ended)
  await page.open()
  await set(`${next} ${'x'.repeat(32)}`)
  t.match(broker.log(), /"alsoTaken":\["[0-9a-f]{8}"\]/)
  t.match(await page.ask(), { status: 200 })
  const later = await signedIn(broker.url)
  await set(next)
  t.has(await page.ask(), ended)
  t.match(await later.ask(), { status: 200 }, 'the first one signs')
  t.equal(broker.log().split('ended all sessions').length, 2, 'warned of once')
})

t.test('S63: nodes with one secret take each other\'s sessions, with two they do not', async t => {
  const one = await started(t, { settings: { SESSION_SECRET } })
  const [same, stranger] = [await anotherNode(t, one, { SESSION_SECRET }), await anotherNode(t, one, { SESSION_SECRET: 'x'.repeat(32) })]
  const page = await signedIn(one.url)
  t.match(await page.ask({}, same.url), { status: 200 })
  t.has(await page.ask({}, stranger.url), ended)
  const { nonce } = await signedIn(stranger.url)
  t.has(await page.ask({ parts: { claims: { nonce } } }), refused('proof-stale'), 'nor their nonces')
  const keyIdOf = ({ log }: Broker) => /"keyId":"([0-9a-f]{8})"/.exec(log())![1]
  t.equal(keyIdOf(one), keyIdOf(same))
  t.not(keyIdOf(one), keyIdOf(stranger), 'which their logs show')
})

t.test('a restart forgets no session', async t => {
  const one = await started(t)
  const page = await signedIn(one.url)
  const next = await anotherNode(t, one)
  t.match(await page.ask({}, next.url), { status: 200 }, 'signed by the secret of the API key, where there is no other')
})

t.test('O22: a new API key ends all sessions where there is no secret of their own, which a reload says', async t => {
  const key = (letter: string) => `TWILIO_API_KEY_SID=SK${letter.repeat(32)}\nTWILIO_API_KEY_SECRET=${letter.repeat(16)}0123456789abcdef\n`
  const settings = { TWILIO_API_KEY_SID: '', TWILIO_API_KEY_SECRET: '' }
  const broker = await started(t, { settings, files: { '.env': key('a') } })
  const page = await signedIn(broker.url)
  await broker.write('.env', key('b'))
  await broker.reload()
  t.has(await page.ask(), ended)
  t.match(broker.log(), /the API key has changed, which ended all sessions: .*Set SESSION_SECRET/)
  const kept = await started(t, { settings: { ...settings, SESSION_SECRET }, files: { '.env': key('a') } })
  const other = await signedIn(kept.url)
  await kept.write('.env', key('b'))
  await kept.reload()
  t.match(await other.ask(), { status: 200 })
  t.notMatch(kept.log(), /ended all sessions/)
})
