import type { IncomingHttpHeaders } from 'node:http'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { loginUrlStore } from '../../src/callers/login-url.js'
import { Problem } from '../../src/problems.js'
import { blackHole } from '../helpers/black-hole.js'
import { login } from '../helpers/login.js'
import { answer, loginServer, type Handler } from '../helpers/login-server.js'
import { until } from '../helpers/until.js'

const yes: Handler = (_credentials, response) => answer(response, 200, {})
const no: Handler = (_credentials, response) => answer(response, 401)
const silent: Handler = () => {}

async function open (t: Test, handler: Handler, change = (url: string) => url) {
  const server = await loginServer(handler)
  t.teardown(server.close)
  const said: string[] = []
  const store = loginUrlStore({ url: change(server.url), log: { info: text => said.push(text), warn: text => said.push(text) } })
  t.teardown(() => store.close())
  return { server, store, said, verify: (name = 'susan', password = 'right', from = login()) => store.verify(name, password, from) }
}

/** The cause of an outage; nothing of it may hold a secret. */
async function cause (t: Test, verifying: Promise<unknown>) {
  const problem = await verifying.then(() => undefined, (error: unknown) => error)
  if (!(problem instanceof Problem)) return t.fail('no Problem', { problem })
  t.match(problem, { code: 'store-unavailable', options: { retryAfter: 5 } })
  const all = inspect(problem, { depth: Infinity, showHidden: true })
  for (const secret of ['right', 'susan', 'canary']) t.notOk(all.includes(secret), `holds no ${secret}`)
  return (problem.cause as Error).message
}

t.test('a login is one POST of name and password in JSON, whatever they hold', async t => {
  const seen: unknown[] = []
  const { verify } = await open(t, (credentials, response, { method, url, headers }) => {
    seen.push({ credentials, method, url, type: headers['content-type'], authorization: headers.authorization })
    answer(response, 200, {})
  })
  const [name, password] = ['zo\u00eb "q" \\ \u{1f511}', 'p:\u2028</script>\'"']
  t.strictSame(await verify(name, password), { name, identity: name })
  t.same(seen, [{ credentials: { username: name, password }, method: 'POST', url: '/login', type: 'application/json', authorization: undefined }])
})

t.test('a user and password in the URL are the broker\'s own credentials', async t => {
  let headers: IncomingHttpHeaders = {}
  const { verify } = await open(t, (_credentials, response, request) => {
    headers = request.headers
    answer(response, 200, {})
  }, url => url.replace('//', '//broker:c%C3%A4nary%3A@'))
  t.ok(await verify())
  t.equal(headers.authorization, `Basic ${Buffer.from('broker:c\u00e4nary:').toString('base64')}`)
})

const answers: Array<[what: string, status: number, body: string, expected: object | null | string]> = [
  ['200 with an empty object', 200, '{}', { name: 'susan', identity: 'susan' }],
  ['200 with an identity', 200, '{"identity":"agent 7"}', { name: 'susan', identity: 'agent 7' }],
  ['200 with more than was asked for', 200, '{"identity":"agent 7","email":"s@example.com","__proto__":{"name":"bob"}}', { name: 'susan', identity: 'agent 7' }],
  ['200 with an identity only in a prototype', 200, '{"__proto__":{"identity":"bob"}}', { name: 'susan', identity: 'susan' }],
  ['401', 401, '', null],
  ['403', 403, '{"error":"locked"}', null],
  ['401 with a page that is too long to read', 401, 'x'.repeat(200_000), null],
  ['200 without a body', 200, '', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with a page', 200, '<html>Wrong password</html>', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with null', 200, 'null', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with false', 200, 'false', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with true', 200, 'true', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with a list', 200, '[{"identity":"agent 7"}]', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with half an object', 200, '{"identity":"age', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with a number for identity', 200, '{"identity":7}', 'LOGIN_URL answered an identity that is no text'],
  ['200 with null for identity', 200, '{"identity":null}', 'LOGIN_URL answered an identity that is no text'],
  ['200 with an empty identity', 200, '{"identity":""}', 'LOGIN_URL answered an identity that is no text'],
  ['200 with more than 16 KiB', 200, `{"x":"${'x'.repeat(16_384)}"}`, 'LOGIN_URL answered more than 16384 bytes'],
  ['201', 201, '{}', 'LOGIN_URL answered 201'],
  ['204', 204, '', 'LOGIN_URL answered 204'],
  ['400', 400, '{}', 'LOGIN_URL answered 400'],
  ['404', 404, '{}', 'LOGIN_URL answered 404'],
  ['429', 429, '{}', 'LOGIN_URL answered 429'],
  ['500', 500, '{}', 'LOGIN_URL answered 500'],
  ['503', 503, '{}', 'LOGIN_URL answered 503']
]

for (const [what, status, body, expected] of answers) {
  t.test(`${what} is ${typeof expected === 'string' ? 'an outage' : expected === null ? 'a no' : 'a yes'}`, async t => {
    const { verify } = await open(t, (_credentials, response) => response.writeHead(status).end(body))
    if (typeof expected === 'string') t.equal(await cause(t, verify()), expected)
    else t.strictSame(await verify(), expected)
  })
}

t.test('a redirect is an outage, and the password does not follow it', async t => {
  const elsewhere = await loginServer(yes)
  t.teardown(elsewhere.close)
  for (const status of [301, 302, 303, 307, 308]) {
    const { verify } = await open(t, (_credentials, response) => response.writeHead(status, { location: elsewhere.url }).end())
    t.equal(await cause(t, verify()), `LOGIN_URL answered ${status}`)
  }
  t.equal(elsewhere.requests, 0)
})

t.test('of two callers with one identity the second does not get in', async t => {
  const { verify } = await open(t, (_credentials, response) => answer(response, 200, { identity: 'agent 7' }))
  t.ok(await verify('susan'))
  t.equal(await cause(t, verify('juan')), 'LOGIN_URL gave a caller the name or identity of another one')
  t.ok(await verify('susan'))
})

const late: Record<string, Handler> = {
  'no answer': silent,
  'a yes of which only the start comes': (_credentials, response) => response.writeHead(200).write('{'),
  'a yes that comes in drops': (_credentials, response) => {
    response.writeHead(200)
    const dripping = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(dripping))
  }
}
for (const [what, handler] of Object.entries(late)) {
  t.test(`${what} within 0.8 s is an outage, and the request is given up`, async t => {
    let gone = 0
    const { verify } = await open(t, (credentials, response, request) => {
      response.on('close', () => gone++)
      handler(credentials, response, request)
    })
    const start = performance.now()
    t.equal(await cause(t, verify()), 'no answer within 800 ms')
    t.ok(performance.now() - start < 1000)
    await until(() => gone === 1)
  })
}

t.test('an answer that breaks off is an outage', async t => {
  const { verify } = await open(t, (_credentials, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{}')
    setImmediate(() => response.destroy())
  })
  t.ok(await cause(t, verify()))
})

t.test('five answers of 500 open the circuit, and answers below never do', async t => {
  const { verify, store, server } = await open(t, (_credentials, response) => answer(response, 400, {}))
  for (let times = 0; times < 9; times++) await cause(t, verify())
  t.equal(store.ready, true)
  server.handler = (_credentials, response) => answer(response, 500, {})
  for (let times = 0; times < 5; times++) await cause(t, verify())
  t.equal(store.ready, false)
  const { requests } = server
  await cause(t, verify())
  t.equal(server.requests, requests, 'the endpoint is left alone')
})

const faults: Record<string, (server: Awaited<ReturnType<typeof loginServer>>, network: Awaited<ReturnType<typeof blackHole>>) => Promise<() => unknown>> = {
  'the endpoint is stopped': async server => {
    await server.stop()
    return server.start
  },
  'the endpoint does not answer': async server => {
    server.handler = silent
    return () => { server.handler = yes }
  },
  'the endpoint fails': async server => {
    server.handler = (_credentials, response) => answer(response, 502)
    return () => { server.handler = yes }
  },
  'the network swallows everything': async (_server, network) => {
    network.swallow()
    return network.pass
  },
  'the network refuses': async (_server, network) => {
    await network.refuse()
    return network.pass
  }
}

for (const [fault, strike] of Object.entries(faults)) {
  t.test(`when ${fault}, every login is refused within a second, then at once, and goes through within 5 s of its return`, async t => {
    const server = await loginServer(yes)
    t.teardown(server.close)
    const network = await blackHole({ port: server.port, host: '127.0.0.1' })
    t.teardown(network.close)
    const said: string[] = []
    const store = loginUrlStore({ url: `http://broker:canary@127.0.0.1:${network.port}/`, log: { info: text => said.push(text), warn: text => said.push(text) } })
    t.teardown(() => store.close())
    const verify = () => store.verify('susan', 'right', login())
    await Promise.all(Array.from({ length: 20 }, verify))

    const heal = await strike(server, network)
    await Promise.all(Array.from({ length: 20 }, async () => {
      const start = performance.now()
      await t.rejects(verify(), { code: 'store-unavailable', options: { retryAfter: 5 } })
      t.ok(performance.now() - start < 1000, 'within a second')
    }))
    t.equal(store.ready, false)
    const start = performance.now()
    await cause(t, verify())
    t.ok(performance.now() - start < 400, 'at once')

    await heal()
    const took = await until(() => verify().then(caller => caller?.name === 'susan', () => false))
    t.ok(took < 5000, `back within 5 s, took ${took}`)
    t.equal(store.ready, true)
    t.match(said, [/^LOGIN_URL is away, so nobody can sign in: /, 'LOGIN_URL answers again'])
    t.notMatch(said.join(), /canary|right|susan/)
  })
}

t.test('while it is away it is asked for a caller that nobody is, and with a password that nobody has', async t => {
  const { store, server } = await open(t, silent)
  await t.rejects(store.check())
  const seen: Array<{ username: string, password: string }> = []
  server.handler = (credentials, response) => {
    seen.push(credentials)
    answer(response, seen.length === 1 ? 500 : 401)
  }
  await until(() => store.ready)
  t.match(seen, [{ username: 'twilio-token-broker-check' }, { username: 'twilio-token-broker-check' }])
  t.not(seen[0]?.password, seen[1]?.password)
  t.ok(seen.every(({ password }) => password.length >= 32))
})

t.test('the endpoint sees 16 logins at once, addresses take turns, and who hangs up while waiting is never sent', async t => {
  const seen: string[] = []
  const held: Array<() => void> = []
  const { verify, server } = await open(t, ({ username }, response) => {
    seen.push(username)
    held.push(() => answer(response, 200, {}))
    if (held.length < 16) return
    server.handler = ({ username }, response) => {
      seen.push(username)
      answer(response, 200, {})
    }
    for (const release of held) release()
  })
  const flood = Array.from({ length: 40 }, (_, index) => verify(`flood ${index}`))
  const other = verify('other', 'right', login('192.0.2.2'))
  const hangUp = new AbortController()
  const gone = verify('gone', 'right', { ...login('192.0.2.3'), signal: hangUp.signal })
  hangUp.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' })
  t.ok(await other)
  t.ok(seen.indexOf('other') < 20, 'not behind the flood')
  await Promise.all(flood)
  t.equal(seen.length, 41)
  t.notOk(seen.includes('gone'))
})

t.test('to hang up buys no more logins at the endpoint, and is no failure of it', async t => {
  const held: Array<() => void> = []
  const { verify, server } = await open(t, (_credentials, response) => held.push(() => answer(response, 200, {})))
  const hangUps = Array.from({ length: 40 }, () => new AbortController())
  const flood = hangUps.map(({ signal }) => verify('susan', 'right', { ...login(), signal }).catch(() => {}))
  await until(() => held.length === 16)
  for (const hangUp of hangUps) hangUp.abort()
  const more = Array.from({ length: 20 }, () => verify('juan', 'right', login('192.0.2.2')))
  // Long enough for another to arrive, if it were sent.
  const other = await loginServer(yes)
  t.teardown(other.close)
  for (let times = 0; times < 3; times++) await fetch(other.url, { method: 'POST', body: '{}' })
  t.equal(server.requests, 16)
  server.handler = yes
  for (const release of held) release()
  t.notOk((await Promise.all(more)).includes(null))
  await Promise.all(flood)
})

t.test('too many waiting logins are overloaded at once', async t => {
  const { verify } = await open(t, silent)
  const flood = Array.from({ length: 16 + 64 }, () => verify().catch(() => {}))
  await t.rejects(verify(), { code: 'overloaded', status: 503, options: { retryAfter: Number } })
  await Promise.all(flood)
})

t.test('what counts as one address can be told', async t => {
  const server = await loginServer(silent)
  t.teardown(server.close)
  const store = loginUrlStore({ url: server.url, log: { info () {}, warn () {} }, addressOf: () => 'one' })
  const flood = Array.from({ length: 16 + 64 }, (_, index) => store.verify('susan', 'x', login(`192.0.2.${index}`)).catch(() => {}))
  await t.rejects(store.verify('susan', 'right', login('198.51.100.1')), { code: 'overloaded' })
  await store.close()
  await Promise.all(flood)
})

const checks: Array<[status: number, mistakes: RegExp[]]> = [
  [401, []],
  [403, []],
  [400, []],
  [429, []],
  [200, [/^LOGIN_URL says yes to a name and password that were made up/]],
  [302, [/^LOGIN_URL answers 302 to a POST of JSON, so it is not a login$/]],
  [404, [/^LOGIN_URL answers 404/]],
  [405, [/^LOGIN_URL answers 405/]],
  [415, [/^LOGIN_URL answers 415/]]
]
for (const [status, mistakes] of checks) {
  t.test(`at the start, ${status} to a login that was made up is ${mistakes.length === 0 ? 'right' : 'a mistake'}`, async t => {
    const { store } = await open(t, (_credentials, response) => answer(response, status, {}))
    const found = await store.check()
    t.equal(found.length, mistakes.length)
    t.match(found, mistakes)
    t.equal(store.ready, true)
  })
}

t.test('an endpoint that is away at the start is an outage and no mistake', async t => {
  const { store, server } = await open(t, no, url => url.replace('//', '//broker:canary@'))
  await server.stop()
  t.match(await cause(t, store.check()), /ECONNREFUSED/)
  t.equal(store.ready, false)
})

t.test('a remembered login is current, for as long as a minute', async t => {
  const { store } = await open(t, yes)
  t.equal(store.rememberFor, 60_000)
  t.equal(store.isCurrent({ name: 'susan', identity: 'susan' }), true)
})

t.test('closing it does not wait for an endpoint that does not answer', async t => {
  const { store, verify, server } = await open(t, silent)
  const verifying = t.rejects(verify(), { code: 'store-unavailable' })
  await until(() => server.requests === 1)
  await store.close()
  await verifying
})
