import type { Page } from 'playwright-core'
import t from 'tap'
import type { TokenBroker } from '../../src/client/index.js'
import { chromiumMissing } from '../browser/chromium.js'
import { heapOf } from '../browser/heap.js'
import { host, setNodesStage } from '../browser/nodes-stage.js'
import { life } from '../browser/user-stage.js'
import { ask } from '../helpers/http.js'
import { noNginx } from '../helpers/nginx.js'
import { noRedis } from '../helpers/redis.js'

const minute = 60_000
const hour = 60 * minute
const working = /^(registered|connected)$/
const once = ['POST /session Basic']

/** What the tests put into their pages. */
interface InPage {
  broker: TokenBroker
  password: string
  example: { broker: TokenBroker }
}

declare const globalThis: InPage

t.test('in Chromium, behind two brokers with an nginx and a Redis', { skip: chromiumMissing() || noNginx || noRedis }, async t => {
  const stage = await setNodesStage(t, ['susan', 'juan', 'maria', 'li', 'ann', 'kim'])
  const { twilio, urls } = stage

  await t.test('O7: pages sign in once and live three token lives, in which both brokers are restarted', async t => {
    const laptop = await stage.laptop(t, 'susan')
    const tabs = [await laptop.example('voice'), await laptop.example('sync')]
    const before = twilio.tokens.length
    for (let lives = 1; lives <= 3; lives++) {
      await laptop.pass(life)
      if (lives === 1) await stage.restart()
    }
    for (const { product, state, timesAsked, told } of tabs) {
      const tokens = twilio.tokens.slice(before).filter(seen => seen.product === product)
      t.ok(tokens.length >= 3, `${tokens.length} tokens for ${product}`)
      t.ok(tokens.every(({ verdict }) => verdict.accepted), product)
      t.match(await state(), working)
      t.equal(await timesAsked(), 1, 'the user signs in once')
      t.same(await told(), [])
    }
    t.same(laptop.withPassword(), [...once, ...once], 'one sign-in for each page')
  })

  await t.test('a page whose clock is three hours off signs in once, too', async t => {
    for (const [user, off] of [['maria', 3 * hour], ['li', -3 * hour]] as const) {
      const laptop = await stage.laptop(t, user)
      await laptop.context.clock.setSystemTime(Date.now() + off)
      const page = await laptop.open('/empty.html')
      await signIn(page)
      for (let lives = 0; lives < 2; lives++) {
        await laptop.pass(life)
        t.ok(await page.evaluate(() => globalThis.broker.token('voice', { force: true })))
      }
      // A first proof by such a clock is too old, or too new.
      t.same(laptop.withPassword(), [...once, ...once], user)
    }
  })

  await t.test('when the password is changed, each page asks to sign in once, within a renewal', async t => {
    const laptop = await stage.laptop(t, 'juan')
    const tabs = [await laptop.example('voice'), await laptop.example('sync'), await laptop.example('conversations')]
    await stage.changePassword('juan', 'another one')
    for (let lives = 0; lives < 2; lives++) {
      await laptop.pass(life)
      for (const { product, told } of tabs) t.same(await told(), ['the login'], product)
    }
    const { page, product, state } = tabs[0]!
    await page.evaluate(() => {
      globalThis.password = 'another one'
      return globalThis.example.broker.token('voice')
    })
    await laptop.pass(minute)
    t.match(await state(), working, `${product} goes on once its user has signed in`)
  })

  await t.test('S43: a session that was ended on one node is refused on the other', async t => {
    const laptop = await stage.laptop(t, 'ann')
    const page = await laptop.open('/empty.html')
    await signIn(page)
    const [first, second, third] = [await stolen(page), await stolen(page), await stolen(page)]
    t.equal((await ask(urls[0]!, { path: '/token/sync', headers: first })).status, 200)
    await page.evaluate(() => globalThis.broker.close())
    for (const [i, headers] of [second, third].entries()) {
      t.has(await ask(urls[i]!, { path: '/token/sync', headers }), { status: 401, body: { code: 'session-ended' } })
    }
  })

  await t.test('S42: a reload of the page signs nobody out with tab, and nobody can take the key away', async t => {
    const laptop = await stage.laptop(t, 'kim')
    const page = await laptop.open('/empty.html')
    await signIn(page, 'tab')
    await page.reload()
    await signIn(page, 'tab')
    t.same(laptop.withPassword(), once)
    t.has(await page.evaluate(keysInStorage), ['InvalidAccessError'])
    await page.evaluate(() => globalThis.broker.close())
    t.strictSame(await page.evaluate(keysInStorage), [])
  })

  await t.test('S149: after the sign-in the password is nowhere in the page', async t => {
    const password = 'seldom seen'
    await stage.changePassword('kim', password)
    const laptop = await stage.laptop(t, 'kim')
    const page = await laptop.open('/empty.html')
    const browser = await laptop.context.newCDPSession(page)
    // As numbers, so that no source of a script holds it.
    await page.evaluate(async codes => {
      let password: string | undefined = String.fromCharCode(...codes)
      const { TokenBroker } = await import('/client.js' as string)
      Object.assign(globalThis, {
        broker: new TokenBroker({
          url: 'https://tokens.example.com',
          credentials () {
            const credentials = { username: 'kim', password }
            password = undefined
            return credentials
          }
        }),
        password: String.fromCharCode(...codes)
      })
      await globalThis.broker.token('sync')
    }, [...Buffer.from(password)])
    t.ok((await heapOf(browser)).includes(password), 'while the page itself has it, it is found')
    await page.evaluate(() => { globalThis.password = '' })
    t.ok(await page.evaluate(() => globalThis.broker.token('voice')))
    const heap = await heapOf(browser)
    for (const trace of [password, btoa(`kim:${password}`)]) t.same(heap.filter(text => text.includes(trace)), [], 'and then it is not')
    t.ok(heap.some(text => text.includes('ttb_')), 'but the session is')
  })
})

/** Has a page sign in, as its user, where it has to. */
async function signIn (page: Page, keep?: 'tab') {
  await page.evaluate(async keep => {
    const { TokenBroker } = await import('/client.js' as string)
    const { tab } = await import('/client-tab.js' as string)
    const user = globalThis as unknown as { username: string, password: string }
    const credentials = () => ({ username: user.username, password: user.password })
    Object.assign(globalThis, { broker: new TokenBroker({ url: 'https://tokens.example.com', credentials, ...(keep && { keep: tab }) }) })
    await globalThis.broker.token('sync')
  }, keep)
}

/** The headers of a request of the page, which never gets to the broker. */
async function stolen (page: Page): Promise<{ Authorization: string, DPoP: string }> {
  const url = `https://${host}/token/sync`
  const caught = new Promise<Record<string, string>>(resolve => {
    page.route(url, async route => {
      if (route.request().method() !== 'POST') return route.continue()
      resolve(route.request().headers())
      await route.abort()
    })
  })
  await page.evaluate(() => globalThis.broker.token('sync', { force: true }).catch(() => {}))
  await page.unroute(url)
  const { authorization, dpop } = await caught
  return { Authorization: authorization!, DPoP: dpop! }
}

/** What becomes of reading each key that the page has in storage. It runs there. */
async function keysInStorage (): Promise<string[]> {
  interface Opening<T> { result: T, onsuccess: () => void }
  interface Database { transaction (name: string): { objectStore (name: string): { get (key: string): Opening<Record<string, { login: { key: { privateKey: Parameters<typeof crypto.subtle.exportKey>[1] } } }>> } }, close (): void }
  const { indexedDB } = globalThis as unknown as { indexedDB: { open (name: string): Opening<Database> } }
  const done = <T>(request: Opening<T>) => new Promise<T>(resolve => { request.onsuccess = () => resolve(request.result) })
  const database = await done(indexedDB.open('twilio-token-broker'))
  const sessions = await done(database.transaction('twilio-token-broker').objectStore('twilio-token-broker').get('twilio-token-broker'))
  database.close()
  return Promise.all(Object.values(sessions).map(({ login }) => crypto.subtle.exportKey('jwk', login.key.privateKey).then(() => 'read', ({ name }: Error) => name)))
}
