import type { Page } from 'playwright-core'
import t from 'tap'
import type { TokenBroker } from '../../src/client/index.js'
import { chromiumMissing } from '../browser/chromium.js'
import { products } from '../browser/examples.js'
import { life, setUserStage } from '../browser/user-stage.js'
import type { Product } from '../fakes/twilio/verify.js'
import { until } from '../helpers/until.js'

const minute = 60_000

declare global {
  /** What page/react-cases.js offers inside the page. */
  const react: { happened: string[], kept (props: object): void, same (): void, alone (): void }
}

t.test('in Chromium', { skip: chromiumMissing() }, async (t) => {
  const { laptop: openLaptop, remove, twilio } = await setUserStage(t, ['susan', 'juan', 'maria'])

  await t.test('the README\'s code keeps a device', async (t) => {
    const laptop = await openLaptop(t, 'susan')
    const { first, state, timesAsked } = await laptop.example('voice', 'readme')
    await laptop.pass(life)
    t.equal(await state(), 'registered')
    t.equal(await timesAsked(), 1, 'and its user signs in once')
    t.ok(twilio.tokens.some(({ token, verdict }) => token !== first.token && verdict.accepted))
  })

  for (const product of [...products, 'several-sync', 'several-video'] as const) {
    await t.test(`the console's code for ${product} runs as it is`, async t => {
      const laptop = await openLaptop(t, 'susan')
      const { state, timesAsked } = await laptop.example(product.replace('several-', '') as Product, `snippet-${product}`)
      t.match(await state(), /^(registered|connected)$/)
      t.equal(await timesAsked(), 1, 'its user signs in once')
    })
  }

  await t.test('what is no SDK is given tokens, too', async (t) => {
    const laptop = await openLaptop(t, 'susan')
    const page = await laptop.open('/examples/adapted.html')
    await page.waitForFunction(() => (globalThis as unknown as { document: { title: string } }).document.title === 'ey')
  })

  const formOf = (page: Page) => async (username: string, password: string) => {
    await page.getByLabel('Name').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByText('Sign in').click()
  }

  await t.test('the example\'s page in React asks until it knows its user, and says how long a name is locked', async t => {
    const page = await (await openLaptop(t, 'susan')).open('/example-react.html')
    const fill = formOf(page)
    /** A form that was sent keeps what was typed until React takes it away. */
    const signIn = async (username: string, password: string) => {
      await page.waitForFunction(() => (globalThis as unknown as { document: { querySelector (selector: string): { value: string } | null } }).document.querySelector('[name=username]')?.value === '')
      await fill(username, password)
    }
    await page.getByText('Nobody is signed in.').waitFor()
    await signIn('susan', 'wrong-one')
    await page.getByText('Wrong username or password').waitFor()
    await signIn('susan', 'secret123')
    await page.getByText('Ready for calls.').waitFor()
    await page.reload()
    for (let guess = 0; guess < 6; guess++) await signIn('tim', `wrong-${guess}`)
    await page.getByText(/Too many wrong passwords for this name\. Try again in \d+ minutes/).waitFor()
  })

  await t.test('the example\'s page asks until it knows its user, and says until when a name is locked', async t => {
    const page = await (await openLaptop(t, 'susan')).open('/example-page.html')
    const signIn = formOf(page)
    await signIn('susan', 'wrong-one')
    await page.getByText('Wrong username or password').waitFor()
    await signIn('susan', 'secret123')
    await page.getByText('Ready for calls.').waitFor()
    await page.reload()
    for (let guess = 0; guess < 6; guess++) {
      await signIn('kim', `wrong-${guess}`)
      await page.locator('form').waitFor()
    }
    await page.getByText(/Too many wrong passwords. Try again after \d/).waitFor()
  })

  await t.test('React\'s hook', async (t) => {
    await t.test('keeps a device for as long as its component is there', async (t) => {
      const laptop = await openLaptop(t, 'susan')
      const before = twilio.tokens.length
      const page = await laptop.open('/examples/react.html')
      await page.getByText('registered').waitFor()
      await laptop.pass(life)
      const seen = twilio.tokens.slice(before)
      t.ok(seen.length > 1)
      t.ok(seen.every(({ verdict }) => verdict.accepted))
      t.equal(laptop.asked.length, seen.length)
      t.equal(await page.evaluate(() => (globalThis as unknown as { timesAsked: number }).timesAsked), 1, 'its user signs in once')
      await page.evaluate(() => (globalThis as unknown as { unmount (): void }).unmount())
      await laptop.pass(life)
      t.equal(laptop.asked.length, seen.length)
    })

    await t.test('says why there is no device, and asks again', async t => {
      await remove('juan')
      const laptop = await openLaptop(t, 'juan')
      const page = await laptop.open('/examples/react.html')
      const button = page.getByText('Try again')
      await button.waitFor()
      t.match(await button.innerText(), /Wrong username or password/)
      await remove('nobody')
      await button.click()
      await page.getByText('registered').waitFor()
    })

    await t.test('makes one object for each request, and shuts each down', async t => {
      const laptop = await openLaptop(t, 'susan')
      const page = await laptop.open('/examples/react-cases.html')
      await page.waitForFunction(() => 'react' in globalThis)
      const render = async (props: object, text: string) => {
        await page.evaluate(props => react.kept(props), props)
        await page.getByText(text).waitFor()
      }
      const happened = () => page.evaluate(() => react.happened.splice(0))
      await render({ products: 'voice', end: 'destroy' }, 'ready')
      await render({ products: 'voice', end: 'destroy' }, 'ready')
      t.same(await happened(), ['made /token/voice {}'], 'another function and an equal request change nothing')
      await page.evaluate(props => react.kept(props), { products: { sync: {} }, request: { ttl: 600 }, end: 'shutdown' })
      await until(async () => await page.evaluate(() => react.happened.length) >= 3)
      t.same(await happened(), ['released', 'destroy', 'made /token {"products":{"sync":{}},"ttl":600}'])
      await render({ products: 'video', request: { room: 'bad' }, end: 'shutdown' }, 'Error: no /token/video {"room":"bad"}')
      t.same(await happened(), ['released', 'shutdown', 'made /token/video {"room":"bad"}'])
      await page.evaluate(() => react.same())
      await page.getByText('the same').waitFor()
      await page.evaluate(() => react.alone())
      await page.getByText('There is no TokenBrokerProvider above this component.').waitFor()
    })
  })

  await t.test('two calls of token() at once are one request', async (t) => {
    const laptop = await openLaptop(t, 'susan')
    const { page } = await laptop.example('sync')
    const before = laptop.asked.length
    const tokens = await page.evaluate(() => {
      const { broker } = (globalThis as unknown as { example: { broker: TokenBroker } }).example
      return Promise.all([broker.token('chat'), broker.token('chat')])
    })
    t.equal(tokens[0], tokens[1])
    t.equal(laptop.asked.length - before, 1)
  })

  await t.test('S152: a hundred tabs that wake at once spread their requests', async (t) => {
    const laptop = await openLaptop(t, 'maria')
    const accepted = () => twilio.tokens.filter(({ verdict }) => verdict.accepted && verdict.identity === 'maria').length
    const page = await laptop.open('/empty.html')
    await page.evaluate('for (let tab = 0; tab < 100; tab++) open("/examples/sync.html")')
    await until(() => accepted() === 100, 3 * minute)

    const before = new Set(await laptop.askedByPages())
    await laptop.sleep(8 * 60 * minute)
    for (let halves = 0; halves < 12; halves++) await laptop.pass(500)
    await until(() => accepted() === 200, 3 * minute)
    const times = (await laptop.askedByPages()).filter(at => !before.has(at))
    t.ok(times.length >= 100, `${times.length} requests`)
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))
    // Each of them asks twice, as the nonce of its session is older than it may be.
    t.ok(most <= 2 * 50, `${most} in the busiest of 5 seconds`)
  })

  await t.test('S144: the browser\'s own password dialog never comes up', async (t) => {
    const laptop = await openLaptop(t, 'susan')
    const page = await laptop.open('/empty.html')
    const dialogs = await watchDialogs(page)
    const ask = (url: string, password: string) => page.evaluate(async ({ url, password }) => {
      const { TokenBroker } = await import('/client.js' as string)
      const broker = new TokenBroker({ url, credentials: () => ({ username: 'susan', password }) })
      return broker.token('sync').then(() => 'a token', ({ name }: Error) => name)
    }, { url, password })

    const origins = { 'of another origin': 'https://tokens.example.com', 'of the page\'s own': '' }
    const passwords = { 'a token': 'secret123', SignInError: 'secret124' }
    for (const [whose, url] of Object.entries(origins)) {
      for (const [what, password] of Object.entries(passwords)) {
        await t.test(`from a broker ${whose} comes ${what}, and no dialog`, async (t) => {
          t.equal(await ask(url, password), what)
          t.equal(dialogs.count, 0)
        })
      }
    }

    await t.test('where a plain fetch brings it up', async (t) => {
      const headers = { Authorization: `Basic ${btoa('susan:secret124')}` }
      t.equal(await page.evaluate(async (headers) => (await fetch('/token/sync', { method: 'POST', headers })).status, headers), 401)
      t.equal(dialogs.count, 1)
    })
  })
})

/** Counts the password dialogs of a page, and cancels each as its user would. A browser without a window does not show any. */
async function watchDialogs (page: Page) {
  const dialogs = { count: 0 }
  const browser = await page.context().newCDPSession(page)
  browser.on('Fetch.requestPaused', ({ requestId }) => browser.send('Fetch.continueRequest', { requestId }))
  browser.on('Fetch.authRequired', ({ requestId }) => {
    dialogs.count++
    return browser.send('Fetch.continueWithAuth', { requestId, authChallengeResponse: { response: 'CancelAuth' } })
  })
  await browser.send('Fetch.enable', { handleAuthRequests: true })
  return dialogs
}
