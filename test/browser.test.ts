import t from 'tap'
import { chromiumMissing } from './browser/chromium.js'
import { setStage } from './browser/stage.js'
import { forge } from './fakes/twilio/forge.js'
import type { Product } from './fakes/twilio/verify.js'

const susan = { name: 'susan', password: 'secret123' }
const room = 'My Room'

interface Sdk {
  product: Product
  /** What the SDK says once it is in. */
  reaches: { reached: string, identity?: string, room?: string }
  /** The frames that show its first token. */
  shows: string[]
  /** The frame that shows its token again when the connection was lost. */
  returns: string
  /** The code that the SDK gives the page, where it is not Twilio's own. */
  says: Record<number, number>
  /** The frames that show a new token: one in good time, and one after the old token ended. */
  renews?: { inTime: string, late: string }
}

const overTwilsock = {
  shows: ['init'],
  returns: 'init',
  says: { 20106: 20101, 20107: 20101 },
  renews: { inTime: 'update', late: 'init' }
}

const sdks: Sdk[] = [
  {
    product: 'voice',
    reaches: { reached: 'registered' },
    shows: ['listen'],
    returns: 'listen',
    // 53000 is "connection error": unless it is asked to be precise, the SDK turns 31202 into it.
    says: { 20106: 20101, 20107: 53000 },
    renews: { inTime: 'listen', late: 'listen' }
  },
  { product: 'video', reaches: { reached: 'connected', room }, shows: ['ice', 'connect'], returns: 'sync', says: {} },
  { product: 'sync', reaches: { reached: 'connected' }, ...overTwilsock },
  { product: 'conversations', reaches: { reached: 'initialized', identity: susan.name }, ...overTwilsock },
  { product: 'chat', reaches: { reached: 'initialized', identity: susan.name }, ...overTwilsock }
]

interface Spoil {
  good: string
  ofOther: string
  secret: string
}

const faults: Array<{ fault: string, code: number, spoil: (from: Spoil) => string }> = [
  { fault: 'for another product', code: 20106, spoil: ({ ofOther }) => ofOther },
  { fault: 'signed with another secret', code: 20107, spoil: ({ good, secret }) => forge(good, `${secret}x`) },
  { fault: 'that has expired', code: 20104, spoil: ({ good, secret }) => forge(good, secret, { claims: { iat: 0, exp: 3600 } }) }
]

t.test('Twilio\'s browser SDKs and the broker\'s tokens', { skip: chromiumMissing() }, async (t) => {
  const { broker, start, twilio, strangeOrigin, visit } = await setStage(t)
  const asking = (path: string, body?: object) => ({ url: `${broker.url}${path}`, ...susan, ...(body && { body }) })
  const shown = (token: string, product: Product) => twilio.tokens.filter((seen) => seen.token === token && seen.product === product)

  const page = await visit(t)
  const ofOneService = await start({ TWILIO_CHAT_SERVICE_SID: broker.secrets.conversationsServiceSid })
  const { token: ofAll } = await page.fetchToken({ ...susan, url: `${ofOneService.url}/token` })

  // Each SDK has a page of its own and what it shows is told apart by product and token, so the tests run beside each other.
  t.jobs = sdks.length
  for (const { product, reaches, shows, returns, says, renews } of sdks) {
    t.test(`the ${product} SDK`, { buffered: true }, async (t) => {
      const page = await visit(t)
      const { token: good } = await page.fetchToken(asking(`/token/${product}`))
      const { token: ofOther } = await page.fetchToken(asking(product === 'voice' ? '/token/sync' : '/token/voice'))

      for (const [kind, token] of Object.entries({ 'a token': good, 'the one token of all products': ofAll })) {
        await t.test(`gets in with ${kind} that a page fetched from the broker`, async (t) => {
          t.has(await page.start({ name: product, token, room }), reaches)
          t.has(shown(token, product), shows.map((frame) => ({ frame, verdict: { accepted: true, identity: susan.name } })))
        })
      }

      await t.test('shows its token again after its connection was lost', async (t) => {
        const before = twilio.tokens.length
        twilio.connection(product).drop()
        const again = await twilio.seen((seen, index) => index >= before && seen.product === product && seen.token === ofAll)
        t.has(again, { frame: returns, verdict: { accepted: true } })
      })

      if (renews !== undefined) {
        await t.test('says that its token ends, and shows the new one that its page fetches, in time or late', async (t) => {
          const renew = async (ttl: number) => {
            // Two tokens of one second are alike but for their ttl, and an SDK ignores a token that it has.
            const { token } = await page.fetchToken(asking(`/token/${product}`, { ttl }))
            await page.update(token)
            return twilio.seen((seen) => seen.token === token)
          }

          twilio.connection(product).aboutToExpire()
          await page.heard('aboutToExpire')
          t.has(await renew(1801), { frame: renews.inTime, verdict: { accepted: true } })
          twilio.connection(product).expire()
          await page.heard('expired')
          t.has(await renew(1802), { frame: renews.late, verdict: { accepted: true } })
        })
      }

      for (const { fault, code, spoil } of faults) {
        await t.test(`is refused with a token ${fault}, and says so`, async (t) => {
          const token = spoil({ good, ofOther, secret: broker.secrets.keySecret })
          t.match(await page.start({ name: product, token, room }), { refused: says[code] ?? code })
          t.has(shown(token, product), [{ frame: shows[0], verdict: { accepted: false, code } }])
        })
      }
    })
  }

  t.test('a token for one room lets nobody into another', async (t) => {
    const { token } = await page.fetchToken(asking('/token/video', { room }))
    t.match(await page.start({ name: 'video', token, room: 'lobby' }), { refused: 20106 })
  })

  t.test('a token for the service of Chat lets nobody into Conversations', async (t) => {
    const { token } = await page.fetchToken(asking('/token/chat'))
    t.match(await page.start({ name: 'conversations', token }), { refused: 20101 })
    t.match(shown(token, 'conversations'), [{ verdict: { accepted: false, code: 51007 } }])
  })

  t.test('a page of an origin that the broker was not told of gets no token', async (t) => {
    const stranger = await visit(t, strangeOrigin)
    await t.rejects(stranger.fetchToken(asking('/token/voice')), /Failed to fetch/)
  })
})
