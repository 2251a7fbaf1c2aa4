import t from 'tap'
import { loginUrlStore } from '../../../src/callers/stores/login-url.js'
import { blackHole } from '../../helpers/black-hole.js'
import { answer, loginServer, no, silent, yes, type Handler } from '../../helpers/login-server.js'
import { cause, open } from '../../helpers/login-url.js'
import { login } from '../../helpers/login.js'
import { settlesAtOnce } from '../../helpers/settle.js'
import { until } from '../../helpers/until.js'

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
    t.equal(await cause(t, verify()), 'no answer within 800 ms')
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
      await t.rejects(verify(), { code: 'store-unavailable', options: { retryAfter: 5 } })
    }))
    t.equal(store.ready, false)
    const next = verify()
    t.ok(await settlesAtOnce(next), 'the next one at once')
    await cause(t, next)

    await heal()
    await until(() => verify().then(caller => caller?.name === 'susan', () => false))
    t.equal(store.ready, true)
    t.match(said.slice(-2), [/^LOGIN_URL is unavailable, so nobody can sign in: /, 'LOGIN_URL answers again'])
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
  t.has(seen, [{ username: 'twilio-token-broker-check' }, { username: 'twilio-token-broker-check' }])
  t.not(seen[0]?.password, seen[1]?.password)
  t.ok(seen.every(({ password }) => password.length >= 32))
})

t.test('O11: an endpoint that is away at the start is an outage and no mistake', async t => {
  const { store, server } = await open(t, no, url => url.replace('//', '//broker:canary@'))
  await server.stop()
  t.match(await cause(t, store.check()), /ECONNREFUSED/)
  t.equal(store.ready, false)
})
