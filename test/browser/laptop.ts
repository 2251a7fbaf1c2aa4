import type { Browser, Page, Request } from 'playwright-core'
import type { Test } from 'tap'
import type { FakeTwilio } from '../fakes/twilio/index.js'
import type { Product } from '../fakes/twilio/verify.js'
import { until } from '../helpers/until.js'
import type { Clock } from './clock.js'

/** Milliseconds that pass at once. Voice's SDK takes 15 s of silence for a dead socket. */
const step = 5_000

interface Surroundings {
  browser: Browser
  clock: Clock
  twilio: FakeTwilio
  /** Of the pages. */
  origin: string
  /** Where the broker gives tokens. */
  tokens: string
  user: { username: string, password: string }
}

interface InPage {
  /** What the page of an example shows its user. */
  told: string[]
  /** How often the page wanted the name and password of its user. */
  timesAsked: number
  username: string
  password: string
  askedAt: number[]
  fetch: (...args: Parameters<typeof fetch>) => ReturnType<typeof fetch>
  example: {
    broker: { close (): void }
    /** Whichever object the SDK has made, with the ends that one of them has. */
    readonly sdk: { state?: string, connectionState?: string, destroy? (): void, shutdown? (): void, disconnect? (): void }
  }
}

declare const globalThis: InPage

export type Laptop = Awaited<ReturnType<typeof openLaptop>>

/** A laptop with the pages of the documentation in its tabs. */
export async function openLaptop (t: Test, { browser, clock, twilio, origin, tokens, user }: Surroundings) {
  const context = await browser.newContext()
  t.teardown(() => context.close())
  await context.clock.install({ time: Date.now() })
  await context.addInitScript((user) => {
    const told: string[] = []
    Object.assign(globalThis, user, {
      told,
      timesAsked: 0,
      askUser () {
        globalThis.timesAsked++
        return { username: globalThis.username, password: globalThis.password }
      },
      prompt () {
        globalThis.timesAsked++
        return globalThis.password
      },
      showLogin: () => told.push('the login'),
      alert: (text: string) => told.push(text)
    })
  }, user)
  await context.addInitScript((tokens) => {
    const { fetch } = globalThis
    const askedAt: number[] = []
    Object.assign(globalThis, {
      askedAt,
      fetch (...args: Parameters<typeof fetch>) {
        if (String(args[0]).startsWith(tokens)) askedAt.push(Date.now())
        return fetch(...args)
      }
    })
  }, tokens)

  /** When each token was asked for, with the product. */
  const asked: Array<{ product: string, at: number }> = []
  const underWay = new Set<Request>()
  const broker = new URL(tokens).origin
  context.on('request', (request) => {
    // A sign-in may be what the next request for a token waits for.
    if (request.url().startsWith(broker)) underWay.add(request)
    if (!request.url().startsWith(tokens)) return
    asked.push({ product: request.url().split('/').at(-1)!, at: Date.now() })
  })
  const over = (request: Request) => { underWay.delete(request) }
  context.on('requestfinished', over)
  context.on('requestfailed', over)

  return {
    context,
    asked,

    /** When the pages asked, by their own clock: it knows nothing of how long a busy machine takes for a hundred of them. */
    async askedByPages (): Promise<number[]> {
      const times = await Promise.all(context.pages().map(page => page.evaluate(() => globalThis.askedAt)))
      return times.flat()
    },

    async open (path: string): Promise<Page> {
      const page = await context.newPage()
      await page.goto(origin + path)
      return page
    },

    /** Opens the example of a product, and waits until Twilio has let it in. */
    async example (product: Product, name: string = product) {
      const before = twilio.tokens.length
      const page = await this.open(`/examples/${name}.html`)
      await page.waitForFunction(() => 'example' in globalThis)
      const first = await twilio.seen((seen, index) => index >= before && seen.product === product && entering.has(seen.frame))
      await until(() => page.evaluate(() => ['registered', 'connected'].includes(String(globalThis.example.sdk.connectionState ?? globalThis.example.sdk.state))))
      return {
        product,
        page,
        /** The token with which it came in. */
        first,
        /** What the SDK says of itself. */
        state: () => page.evaluate(() => globalThis.example.sdk.connectionState ?? globalThis.example.sdk.state),
        told: () => page.evaluate(() => globalThis.told),
        timesAsked: () => page.evaluate(() => globalThis.timesAsked),
        shutDown: () => page.evaluate(() => {
          const { sdk } = globalThis.example
          ;(sdk.destroy ?? sdk.shutdown ?? sdk.disconnect)?.call(sdk)
        })
      }
    },

    /** Time goes by, for the pages, the broker and Twilio. */
    async pass (ms: number) {
      for (let left = ms; left > 0; left -= step) {
        const by = Math.min(step, left)
        clock.advance(by)
        await twilio.look()
        await context.clock.runFor(by)
        await until(() => underWay.size === 0)
      }
    },

    /**
     * Closes the lid for a while. Timers and the monotonic clock stand still and no connection outlives it; as it is opened again,
     * the network comes back.
     */
    async sleep (ms: number) {
      await context.setOffline(true)
      twilio.hangUp()
      clock.advance(ms)
      await context.clock.setSystemTime(Date.now())
      await context.setOffline(false)
    }
  }
}

/** The frames with which the SDKs come in. */
const entering = new Set(['listen', 'connect', 'init'])
