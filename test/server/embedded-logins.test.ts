import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { applicationStore } from '../../src/callers/stores/authenticate.js'
import type { BrokerOptions } from '../../src/index.js'
import { basic, susan } from '../helpers/broker.js'
import { application, token } from '../helpers/embedded.js'
import { ask } from '../helpers/http.js'

const request = new Map<string, FastifyRequest>()
/** What `authenticate` does, by the name. */
const logins: Record<string, (username: string, password: string, request: FastifyRequest) => unknown> = {
  susan: (name, _password, asked) => {
    request.set(name, asked)
    return {}
  },
  nobody: () => null,
  no: () => false,
  undefined: () => undefined,
  true: () => true,
  text: () => 'text',
  list: () => [{}],
  number: () => ({ identity: 1 }),
  empty: () => ({ identity: '' }),
  thief: () => ({ identity: 'susan' }),
  throws: () => { throw new Error('the database is away') },
  rejects: async () => { throw undefined }, // eslint-disable-line no-throw-literal
  renamed: async () => ({ identity: 'another name', role: 'admin' })
}
const outcomes: Record<string, { status: number, code?: string }> = {
  susan: { status: 200 },
  true: { status: 200 },
  renamed: { status: 200 },
  nobody: { status: 401, code: 'credentials-wrong' },
  no: { status: 401, code: 'credentials-wrong' },
  ...Object.fromEntries(['undefined', 'text', 'list', 'number', 'empty', 'thief', 'throws', 'rejects'].map(name => [name, { status: 503, code: 'store-unavailable' }]))
}

t.test('S155: only true and objects are a yes; null and false are a no, and all else is an outage that the log tells of', async t => {
  const authenticate = ((username, password, asked: FastifyRequest) => logins[username]!(username, password, asked)) as BrokerOptions['authenticate']
  const { url, close, audit, log } = await application({ brokers: [{ authenticate, settings: { LOGIN_FAILURES_MAX: 1 } }], server: { requestIdHeader: 'x-own-id' } })
  t.teardown(close)
  for (const [name, { status, code }] of Object.entries(outcomes)) {
    const answer = await ask(url, { as: basic(name, 'secret123'), path: token, headers: { 'X-Own-Id': `id-of-${name}` } })
    t.has(answer, { status, headers: { 'x-request-id': `id-of-${name}` }, ...(code && { body: { code } }) }, name)
    t.has((await audit()).at(-1), { requestId: `id-of-${name}`, ...(code && { code }) }, `${name}: the audit says what the application's log says`)
    if (status === 503) t.equal((await ask(url, { as: basic(name, 'secret123'), path: token })).status, 503, `${name}: an outage is no wrong password`)
  }
  t.has((await audit()).find(({ identity }) => identity === 'another name'), { caller: 'renamed' })
  t.has(request.get('susan'), { headers: { 'x-own-id': 'id-of-susan' }, caller: 'the application\'s own caller' }, 'it is handed the application\'s own request')
  for (const cause of [/the database is away/, /neither an object, a boolean nor null/, /an identity that is not a text/, /the name or identity of another one/]) t.match(log(), cause)
})

t.test('guesses are limited before the application is asked', async t => {
  let asked = 0
  const { url, close } = await application({ brokers: [{ authenticate: () => { asked++; return null } }] })
  t.teardown(close)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(url, { as: basic('susan', `wrong-${i}`), path: token })))
  t.equal(answers.filter(({ status }) => status === 401).length, 5)
  t.equal(answers.filter(({ status }) => status === 429).length, 95)
  t.equal(asked, 5)
})

t.test('a right password is asked for each time, or remembered for as long as the application says', async t => {
  let asked = 0
  const authenticate = () => {
    asked++
    return {}
  }
  for (const [rememberFor, expected] of [[0, 3], [60, 1]] as const) {
    asked = 0
    const { url, close } = await application({ brokers: [{ authenticate, rememberFor }] })
    for (let i = 0; i < 3; i++) t.equal((await ask(url, { as: susan, path: token })).status, 200)
    t.equal(asked, expected, `${rememberFor} s`)
    await close()
  }
})

t.test('a login that hangs is an outage, and does not hold its place for ever', async t => {
  const store = applicationStore({ authenticate: () => new Promise(() => {}), log: { info () {}, warn () {} }, cacheMs: 0, timeoutMs: 10 })
  const logins = Array.from({ length: 60 }, () => store.verify('susan', 'secret123', { ip: '127.0.0.1', signal: new AbortController().signal }))
  for (const outcome of await Promise.allSettled(logins)) t.has(outcome, { status: 'rejected', reason: { message: 'authenticate did not answer within 10 ms' } })
})
