import { connect } from 'node:net'
import t from 'tap'
import { basic } from '../helpers/broker.js'
import { application, token } from '../helpers/embedded.js'
import { noRedis, patientWithRedis, redisServer } from '../helpers/redis.js'
import { until } from '../helpers/until.js'

/** Guesses on one socket, whose client waits for no answer. */
function guesses (url: string, count: number) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  socket.write(Array.from({ length: count }, (_, i) => `GET ${token} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(`user-${i}`, 'a-password')}\r\n\r\n`).join(''))
  return socket
}

t.test('in an application, too, all requests of a socket end with it', async t => {
  let asked = 0
  let refuse = () => {}
  const refused = new Promise<null>(resolve => { refuse = () => resolve(null) })
  const { url, close, audit } = await application({
    brokers: [{
      authenticate: () => {
        asked++
        return refused
      }
    }]
  })
  t.teardown(close)
  const socket = guesses(url, 20)
  // As many as the application is asked at once.
  await until(() => asked === 16)
  socket.destroy()
  await until(async () => (await audit()).length === 4)
  t.ok((await audit()).every(({ code }) => code === 'hung-up'), 'those that wait for it are over at once')
  refuse()
  await until(async () => (await audit()).length === 20)
  t.equal(asked, 16)
})

t.test('a request whose client had left before the application handed it on holds nothing', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  patientWithRedis(t)
  let handOn = () => {}
  const held = new Promise<void>(resolve => { handOn = resolve })
  let arrived = 0
  let gone = 0
  const { url, close, audit } = await application({
    brokers: [{ settings: { REDIS_URL: redis.url } }],
    setUp: app => {
      app.addHook('onRequest', async request => {
        if (arrived++ === 0) request.raw.socket.once('close', () => { gone++ })
        await held
      })
    }
  })
  t.teardown(close)
  const socket = guesses(url, 5)
  await until(() => arrived === 5)
  socket.destroy()
  await until(() => gone === 1)
  handOn()
  await until(async () => (await audit()).length === 5)
  // What is held is returned after the line.
  await until(async () => {
    const counters = await redis.ask('KEYS', '*:login-*') as string[]
    const places = await Promise.all(counters.map(key => redis.ask('HGET', key, 'held')))
    return places.every(count => count === '0')
  })
})
