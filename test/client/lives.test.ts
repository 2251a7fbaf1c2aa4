import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { products } from '../browser/examples.js'
import type { Laptop } from '../browser/laptop.js'
import { life, setUserStage } from '../browser/user-stage.js'
import type { Product } from '../fakes/twilio/verify.js'
import { until } from '../helpers/until.js'

const minute = 60_000
const working = /^(registered|connected)$/
type Tab = Awaited<ReturnType<Laptop['example']>>

const sha256 = (token: unknown) => createHash('sha256').update(String(token)).digest('hex')

t.test('in Chromium, the documentation\'s pages with Twilio\'s SDKs', { skip: chromiumMissing() }, async (t) => {
  const { audit, laptop: openLaptop, network, remove, twilio } = await setUserStage(t, ['susan', 'juan', 'maria', 'li', 'ann', 'kim'])

  /** What the pages show their user, where they show something. */
  async function told (tabs: Tab[]) {
    const all = await Promise.all(tabs.map(async ({ product, told }) => [product, await told()] as const))
    return Object.fromEntries(all.filter(([, told]) => told.length > 0))
  }

  /** Hashes of the tokens that the broker gave to a user, by its audit. */
  const given = async (user: string, product: Product) =>
    (await audit(user)).filter(({ event, products }) => event === 'token.issued' && products?.[0] === product).map(({ tokenSha256 }) => tokenSha256)
  /** And of those that Twilio saw, and took. */
  const taken = (user: string, product: Product) =>
    [...new Set(twilio.tokens.filter((seen) => seen.product === product && seen.verdict.accepted && seen.verdict.identity === user).map(({ token }) => sha256(token)))]

  async function openAll (t: Test, user: string) {
    const laptop = await openLaptop(t, user)
    const tabs = await Promise.all(products.map((product) => laptop.example(product)))
    return { laptop, tabs }
  }

  await t.test('stay connected for three lives of a token, and Twilio sees each new one', async (t) => {
    const { laptop, tabs } = await openAll(t, 'susan')
    const at = twilio.tokens.length
    const connections = new Map(products.map((product) => [product, twilio.connection(product)]))
    for (let lives = 1; lives <= 3; lives++) {
      await laptop.pass(life)
      // No SDK of Video takes a new token; but each connection that it makes shows the first one again.
      twilio.connection('video').drop()
      await laptop.pass(minute)
    }
    for (const { product, state } of tabs) {
      await t.test(product, async (t) => {
        const all = await given('susan', product)
        t.ok(all.length >= 4, `${all.length} tokens`)
        t.same(taken('susan', product), all)
        t.match(await state(), working)
        if (product === 'video') return
        t.equal(twilio.connection(product), connections.get(product), 'by one and the same socket')
        t.ok(twilio.tokens.slice(at).filter((seen) => seen.product === product).every(({ verdict }) => verdict.accepted))
      })
    }
    t.same(await told(tabs), {})
  })

  /** Each SDK has a new token, which is the last that Twilio has seen of it, and does its work. */
  async function inAgain (t: Test, user: string, tabs: Tab[]) {
    for (const { product, state } of tabs) {
      await t.test(product, async (t) => {
        const [first, ...later] = await given(user, product)
        t.ok(later.length > 0)
        // Two tokens of one second are the same bytes, and an SDK ignores the one that it has.
        t.same([...new Set(taken(user, product))], [...new Set([first, ...later])])
        t.match(await state(), working)
        t.not(twilio.connection(product).reachable?.(), false, 'and calls come through')
      })
    }
  }

  await t.test('are in again after a broker was down for two lives', async (t) => {
    const { laptop, tabs } = await openAll(t, 'juan')
    const before = laptop.asked.length
    await network.refuse()
    await laptop.pass(life)
    twilio.connection('video').drop()
    await laptop.pass(life)
    t.ok(laptop.asked.length - before < products.length * 30, `asked gently: ${laptop.asked.length - before} requests`)
    t.same(await told(tabs), {}, 'and nobody is asked to sign in')
    await network.pass()
    await laptop.pass(2 * minute)
    await inAgain(t, 'juan', tabs)
  })

  await t.test('are in again after the laptop has slept for a night', async (t) => {
    const { laptop, tabs } = await openAll(t, 'maria')
    await laptop.sleep(8 * 60 * minute)
    await laptop.pass(minute)
    await inAgain(t, 'maria', tabs)
    t.same(await told(tabs), {})
  })

  await t.test('are in again after Twilio has ended their tokens before anyone had a new one', async (t) => {
    const { laptop, tabs } = await openAll(t, 'kim')
    for (const product of products) twilio.connection(product).expire()
    await laptop.pass(minute)
    // A room does not care.
    await inAgain(t, 'kim', tabs.filter(({ product }) => product !== 'video'))
  })

  await t.test('S151: ask a user to sign in who was removed, and then rest', async (t) => {
    const { laptop, tabs } = await openAll(t, 'li')
    const before = laptop.asked.length
    await remove('li')
    await laptop.pass(life)
    await laptop.sleep(minute)
    await laptop.pass(life)
    for (const { product } of tabs) {
      const requests = laptop.asked.slice(before).filter((asked) => asked.product === product).length
      t.ok(requests >= 1 && requests <= 3, `${product}: ${requests} requests`)
    }
    const all = Object.fromEntries(products.map((product) => [product, ['the login']]))
    await until(async () => isDeepStrictEqual(await told(tabs), all))
  })

  await t.test('ask for nothing once they are shut down', async (t) => {
    const { laptop, tabs } = await openAll(t, 'ann')
    const before = laptop.asked.length
    for (const { shutDown } of tabs) await shutDown()
    await laptop.pass(life)
    t.same(laptop.asked.slice(before), [])
  })
})
