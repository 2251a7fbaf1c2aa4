import { EventEmitter } from 'node:events'
import type { Test } from 'tap'
import { TokenBroker, type TokenBrokerOptions } from '../../src/client/index.js'

export const susan = { username: 'susan', password: 'secret123' }
export const minute = 60_000

/** What the fake broker is asked. */
export interface Asked {
  /** Milliseconds of the world. */
  at: number
  method: string
  url: string
  authorization: string
  /** The header `DPoP`. */
  proof: string | null
  body: Record<string, unknown>
  init: RequestInit
}

interface Timer {
  at: number
  run: () => void
  /** Of the browser itself, as that of a request is, which nobody can clear. */
  inner?: true
}

/** A status, its body and headers; or no answer at all, immediately or never. */
export type Reply = { status: number, body?: unknown, headers?: Record<string, string>, stalls?: boolean } | 'no answer' | 'silence'

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Reply =>
  ({ status, body: { code, detail: `This is ${code}.`, requestId: 'req-1' }, headers })

/**
 * A page's world in which time passes only when told to: clocks, timers, chance, the network and the page's events stand in for
 * those of the process until the test has ended.
 */
export function makeWorld (t: Test) {
  let monotonic = 1000
  let wall = 5_000_000 // the device's clock is wrong by decades
  let slept = 0
  let serial = 0
  const timers = new Map<number, Timer>()
  const listening = new Map<string, Set<() => void>>()
  const events = new EventTarget()
  const asked: Asked[] = []
  let answered = 0
  const world = {
    asked,
    /** Seconds. */
    ttl: 3600,
    /** What the next requests are answered, before tokens. A function answers all. */
    replies: [] as Reply[],
    always: undefined as Reply | undefined,
    /** Answers what has no reply of its own before it becomes a token: the broker's sessions, for one. */
    answer: (_asked: Asked): Reply | undefined => undefined,
    chance: () => 0,
    /** Milliseconds that an answer takes. */
    latency: 0,
    get now () { return monotonic },
    /** Seconds, by the broker's clock. */
    get brokerNow () { return 1_795_566_405 + Math.floor((monotonic + slept) / 1000) },
    /** Of the page's own events. */
    get listeners () { return [...listening.values()].reduce((sum, { size }) => sum + size, 0) },
    get timers () { return [...timers.values()].filter(({ inner }) => !inner).length },
    /** Lets time pass, timer by timer. */
    async pass (ms: number) {
      await settle()
      const end = monotonic + ms
      for (let rung = 0; ; rung++) {
        if (rung > 10_000) throw new Error('a storm of timers')
        const [id, next] = [...timers].sort((a, b) => a[1].at - b[1].at)[0] ?? []
        if (id === undefined || next === undefined || next.at > end) break
        timers.delete(id)
        const step = Math.max(0, next.at - monotonic)
        monotonic += step
        wall += step
        next.run()
        await settle()
      }
      wall += end - monotonic
      monotonic = end
      await settle()
    },
    /** The machine sleeps: only the device's clock goes on. */
    sleep (ms: number) {
      wall += ms
      slept += Math.max(0, ms)
    },
    /** Somebody sets the device's clock. */
    setWall (ms: number) { wall = ms },
    wake: (name: 'visibilitychange' | 'online' | 'pageshow') => { events.dispatchEvent(new Event(name)) },
    /** Time goes on as the timers stand still, as they do in a hidden tab. */
    freeze (ms: number) {
      monotonic += ms
      wall += ms
    }
  }

  const globals = {
    addEventListener (name: string, listener: () => void, { signal }: { signal: AbortSignal }) {
      listening.set(name, (listening.get(name) ?? new Set()).add(listener))
      signal.addEventListener('abort', () => listening.get(name)!.delete(listener))
      events.addEventListener(name, listener, { signal })
    },
    Request: class { constructor (readonly url: string) { this.url = new URL(url, 'https://page.example/app/').href } },
    crypto: watchedCrypto,
    setTimeout (run: () => void, ms: number) {
      timers.set(++serial, { at: monotonic + ms, run })
      return serial
    },
    clearTimeout: (id: number) => timers.delete(id),
    async fetch (url: string, init: RequestInit) {
      const headers = new Headers(init.headers)
      const question: Asked = {
        at: monotonic,
        method: init.method!,
        url,
        authorization: headers.get('Authorization')!,
        proof: headers.get('DPoP'),
        body: JSON.parse(String(init.body ?? 'null')),
        init
      }
      asked.push(question)
      if (world.latency > 0) await new Promise<void>(resolve => timers.set(++serial, { at: monotonic + world.latency, run: resolve, inner: true }))
      const reply = world.replies.shift() ?? world.always ?? world.answer(question) ?? { status: 200, body: { token: `token ${++answered}`, expiresIn: world.ttl } }
      if (reply === 'no answer') throw new TypeError('Failed to fetch')
      const silence = () => new Promise<never>((_resolve, reject) => init.signal!.addEventListener('abort', () => reject(init.signal!.reason)))
      if (reply === 'silence') return silence()
      const { status, body, headers: more, stalls } = reply
      return {
        ok: status >= 200 && status < 300,
        status,
        url,
        headers: new Headers(more),
        json: async () => stalls ? silence() : JSON.parse(typeof body === 'string' ? body : JSON.stringify(body))
      }
    }
  }
  const replace = (target: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(target, name)
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
    t.teardown(() => before ? Object.defineProperty(target, name, before) : Reflect.deleteProperty(target, name))
  }
  for (const [name, value] of Object.entries(globals)) replace(globalThis, name, value)
  replace(AbortSignal, 'timeout', (ms: number) => {
    const controller = new AbortController()
    timers.set(++serial, { at: monotonic + ms, run: () => controller.abort(new DOMException('timed out', 'TimeoutError')), inner: true })
    return controller.signal
  })
  replace(performance, 'now', () => monotonic)
  replace(Date, 'now', () => wall)
  replace(Math, 'random', () => world.chance())
  return world
}

/** A broker's client in a world of its own, and the errors that its page was told. */
export function setUp (t: Test, options: Partial<TokenBrokerOptions> = {}) {
  const world = makeWorld(t)
  const errors: Error[] = []
  const broker = new TokenBroker({ url: 'https://tokens.example.com/', credentials: () => susan, session: false, onError: error => errors.push(error), ...options })
  return { world, broker, errors }
}

/** Operations of WebCrypto that are under way: they take time that does not count. */
let operations = 0

const { crypto } = globalThis

const watchedCrypto = {
  randomUUID: () => crypto.randomUUID(),
  subtle: new Proxy(crypto.subtle, {
    get: (subtle, name: 'sign') => async (...args: Parameters<typeof subtle.sign>) => {
      operations++
      try {
        return await subtle[name](...args)
      } finally {
        operations--
      }
    }
  })
}

/** Lets promises run that are ready. Is one promise itself, as tap tracks each, which takes longer than what is waited for. */
export function settle (): Promise<void> {
  return new Promise(resolve => {
    let idle = 0
    const look = () => {
      idle = operations > 0 ? 0 : idle + 1
      if (idle < 20) setImmediate(look)
      else resolve()
    }
    setImmediate(look)
  })
}

/** Stands for Voice's Device. */
export class FakeDevice extends EventEmitter {
  state = 'registered'
  given: string[] = []
  /** What it was told to do, in order. */
  told: string[] = []
  updateToken (token: string) {
    this.given.push(token)
    this.told.push('updateToken')
  }

  async register () { this.told.push('register') }
  async unregister () {
    this.told.push('unregister')
    if (this.state !== 'registered') throw new Error('not registered')
  }
}

/** Stands for a Client of Sync, Conversations or Chat. */
export class FakeClient extends EventEmitter {
  connectionState = 'connected'
  given: string[] = []
  async updateToken (token: string) {
    this.given.push(token)
    throw new Error('not ready')
  }

  is (state: string) {
    this.connectionState = state
    this.emit('connectionStateChanged', state)
  }
}
