import t, { type Test } from 'tap'
import { SignInError, TokenBroker, type TokenBrokerOptions } from '../../src/client/index.js'
import { tab as inTab } from '../../src/client/tab.js'
import { openSessions } from './fake-sessions.js'
import { makeWorld, minute, problem, susan } from './world.js'

const url = 'https://tokens.example.com'

/** A request of IndexedDB: it succeeds or fails a little later. */
class FakeRequest<T> {
  result: T | undefined
  onsuccess = () => {}
  onerror = (_event: unknown) => {}
  onupgradeneeded = () => {}
  constructor (work: (request: FakeRequest<T>) => T) {
    setImmediate(() => {
      try {
        this.result = work(this)
        this.onsuccess()
      } catch (error) {
        this.onerror(error)
      }
    })
  }
}

/** A browser whose tabs share IndexedDB, and have each a sessionStorage of its own. */
function openBrowser (t: Test) {
  const world = makeWorld(t)
  world.setWall(world.brokerNow * 1000)
  const sessions = openSessions(world)
  const stored = new Map<string, unknown>()
  let created = false
  const browser = {
    world,
    sessions,
    stored,
    opened: 0,
    closed: 0,
    broken: false,
    indexedDB: {
      open: () => new FakeRequest(request => {
        if (browser.broken) throw new Error('no room on the disk')
        browser.opened++
        request.result = {
          createObjectStore () { created = true },
          close () { browser.closed++ },
          transaction: () => ({
            objectStore: () => ({
              get: (key: string) => new FakeRequest(() => structuredClone(stored.get(key))),
              put: (value: unknown, key: string) => stored.set(key, structuredClone(value))
            })
          })
        }
        if (!created) request.onupgradeneeded()
        return request.result
      })
    },
    /** A page in this tab. */
    load (tab: Record<string, string>, options: Partial<TokenBrokerOptions> = {}) {
      Object.assign(globalThis, { sessionStorage: tab, indexedDB: browser.indexedDB })
      const page = { calls: 0, errors: [] as Error[] }
      const broker = new TokenBroker({ url, keep: inTab, credentials () { page.calls++; return susan }, onError: error => page.errors.push(error), ...options })
      t.teardown(() => broker.close())
      return Object.assign(page, { broker })
    },
    /** What is in storage of sessions. */
    get kept () { return Object.values(Object([...stored.values()][0])) as Array<{ login: { authorization: string } }> }
  }
  t.teardown(() => { for (const name of ['sessionStorage', 'indexedDB']) Reflect.deleteProperty(globalThis, name) })
  return browser
}

t.test('where the application wants it, a session survives a reload of its page', async t => {
  const browser = openBrowser(t)
  const tab = {}
  await browser.load(tab).broker.token('voice')
  const page = browser.load(tab)
  t.equal(await page.broker.token('voice'), 'token 2')
  t.equal(await page.broker.token('sync'), 'token 3')
  t.same([page.calls, browser.sessions.signIns, browser.sessions.wrong], [0, 1, []])
  t.equal(browser.opened, browser.closed)

  await t.test('which nobody can read the key of', async t => {
    const [{ login }] = browser.kept as never as [{ login: { key: { privateKey: Parameters<typeof crypto.subtle.sign>[1] } } }]
    await t.rejects(crypto.subtle.exportKey('jwk', login.key.privateKey), { message: 'key is not extractable' })
    t.equal((login.key.privateKey as { extractable: boolean }).extractable, false)
    t.notMatch(JSON.stringify([browser.kept, tab]), /secret123/)
  })

  await t.test('but not in another tab, nor with another broker', async t => {
    for (const [other, options] of [[{}, {}], [tab, { url: 'https://other.example.com' }]] as const) {
      const page = browser.load(other, options)
      await page.broker.token('voice')
      t.equal(page.calls, 1)
    }
  })

  await t.test('nor where it does not ask for it', async t => {
    for (const options of [{ keep: undefined }, { session: false }] as Array<Partial<TokenBrokerOptions>>) {
      const page = browser.load(tab, options)
      await page.broker.token('voice')
      t.equal(page.calls, 1)
    }
  })
})

t.test('S150: a session is kept until the page was away for half an hour', async t => {
  for (const [away, calls] of [[29, 0], [31, 1]] as const) {
    await t.test(`${away} minutes`, async t => {
      const browser = openBrowser(t)
      const tab = {}
      const first = browser.load(tab)
      await first.broker.token('voice')
      await browser.world.pass(3 * 60 * minute)
      browser.world.sleep(away * minute)
      const page = browser.load(tab)
      await page.broker.token('voice')
      t.equal(page.calls, calls)
    })
  }

  await t.test('and then any page of the application takes it out of storage', async t => {
    const browser = openBrowser(t)
    await browser.load({}).broker.token('voice')
    await browser.world.pass(0)
    browser.world.sleep(31 * minute)
    await browser.load({}).broker.token('voice')
    await browser.world.pass(0)
    t.has(browser.kept, [{ login: { authorization: 'DPoP ttb_2' } }])
    t.equal(browser.kept.length, 1)
  })
})

t.test('close() takes it out of storage, and ends it', async t => {
  await t.test('once it was used', async t => {
    const browser = openBrowser(t)
    const tab = {}
    const { broker } = browser.load(tab)
    await broker.token('voice')
    await broker.close()
    await browser.world.pass(0)
    t.same([browser.kept, browser.sessions.open.size], [[], 0])
    await browser.world.pass(60 * minute)
    t.same([browser.kept, browser.world.timers], [[], 0])
    const page = browser.load(tab)
    await page.broker.token('voice')
    t.equal(page.calls, 1)
  })

  await t.test('also straight after the reload', async t => {
    const browser = openBrowser(t)
    const tab = {}
    await browser.load(tab).broker.token('voice')
    await browser.load(tab).broker.close()
    await browser.world.pass(0)
    t.same([browser.kept, browser.sessions.open.size], [[], 0])
  })
})

t.test('a kept session that has ended meanwhile is followed by one sign-in', async t => {
  const browser = openBrowser(t)
  const tab = {}
  await browser.load(tab).broker.token('voice')
  browser.sessions.end()
  const page = browser.load(tab)
  await page.broker.token('voice')
  t.same([page.calls, page.errors], [1, []])
  await browser.world.pass(0)
  t.has(browser.kept, [{ login: { authorization: 'DPoP ttb_2' } }])
  browser.world.always = problem(401, 'session-ended')
  await t.rejects(page.broker.token('voice', { force: true }), SignInError)
  await browser.world.pass(0)
  t.same(browser.kept, [])
})

t.test('without storage it lives as long as its page', async t => {
  const browser = openBrowser(t)
  const tab = {}
  browser.broken = true
  const first = browser.load(tab)
  await first.broker.token('voice')
  await first.broker.token('sync')
  t.equal(first.calls, 1)
  const second = browser.load(tab)
  await second.broker.token('voice')
  t.equal(second.calls, 1)
  Object.assign(globalThis, { indexedDB: undefined })
  await first.broker.close()
  t.same([browser.sessions.open.size, browser.world.timers], [1, 0])
})
