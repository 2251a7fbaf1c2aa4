import { setTimeout } from 'node:timers/promises'
import { fastify, type FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { broker as embedded } from '../../src/index.js'
import { basic, startBroker, susan, type Broker } from '../helpers/broker.js'
import { settings } from '../helpers/embedded.js'
import { ask, type Ask } from '../helpers/http.js'
import { verifyHash as inThread } from '../helpers/in-thread.js'
import { jsonLines } from '../helpers/lines.js'
import { Page } from '../helpers/page.js'
import { until } from '../helpers/until.js'

interface Line { level: number, msg: string, requestId: string, path: string, status: number, ms: number }

const INFO = 30
const DEBUG = 20

const requests = (broker: Pick<Broker, 'log'>) => jsonLines<Line>(broker.log()).filter(({ msg }) => msg === 'request')

/** `level`: of the request's line. At `info`, a request without one has its line in the audit alone. */
const rows: Array<{ title: string, ask: Ask, status: number, level: number, audited: boolean }> = [
  { title: 'a token', ask: { as: susan }, status: 200, level: DEBUG, audited: true },
  { title: 'a token for several products', ask: { as: susan, path: '/token' }, status: 200, level: DEBUG, audited: true },
  { title: 'a wrong password', ask: { as: basic('susan', 'guess') }, status: 401, level: DEBUG, audited: true },
  { title: 'a product that is not there', ask: { as: susan, path: '/token/nothing' }, status: 404, level: DEBUG, audited: true },
  { title: 'a body of another form', ask: { as: susan, body: { nonsense: true } }, status: 400, level: DEBUG, audited: true },
  { title: 'a refused session', ask: { as: 'DPoP ttb_nonsense' }, status: 401, level: DEBUG, audited: true },
  { title: 'no credentials', ask: {}, status: 401, level: INFO, audited: false },
  { title: 'a method that no token route has', ask: { as: susan, method: 'PUT' }, status: 405, level: INFO, audited: false },
  { title: 'a sign of life', ask: { method: 'GET', path: '/healthz' }, status: 200, level: INFO, audited: false },
  { title: 'a path that is not there', ask: { path: '/nothing' }, status: 404, level: INFO, audited: false },
  { title: 'the description of the routes', ask: { as: susan, method: 'GET', path: '/openapi.json' }, status: 200, level: INFO, audited: false },
  { title: 'an operator', ask: { as: susan, method: 'GET', path: '/metrics' }, status: 200, level: INFO, audited: false },
  { title: 'a guess at an operator', ask: { as: basic('susan', 'guess'), method: 'GET', path: '/metrics' }, status: 401, level: INFO, audited: true },
  { title: 'a failure of the broker', ask: { as: basic('fails', 'secret123') }, status: 503, level: INFO, audited: true },
  { title: 'a slow answer', ask: { as: basic('slow', 'secret123') }, status: 200, level: INFO, audited: true }
]

for (const LOG_LEVEL of ['info', 'debug']) {
  t.test(`at LOG_LEVEL=${LOG_LEVEL} ${LOG_LEVEL === 'info' ? 'a request has a line in the log only if it has none in the audit, failed, was slow, or was for operators' : 'each request has a line in the log'}`, async t => {
    const broker = await startBroker({
      settings: { LOG_LEVEL, OPERATORS: 'susan' },
      users: { susan: 'secret123', slow: 'slow1234', fails: 'fails123' },
      async verifyHash (hash, password) {
        // Which caller it is shows in the only hash that the password fits.
        if (await inThread(hash, 'fails123')) throw new Error('the thread has ended')
        if (!await inThread(hash, 'slow1234')) return inThread(hash, password)
        await setTimeout(1100)
        return true
      }
    })
    t.teardown(broker.close)
    const expected: Array<{ requestId: string, title: string, level: number }> = []
    for (const { title, level, audited, status, ask: request } of rows) {
      const answer = await ask(broker.url, request)
      const requestId = String(answer.headers['x-request-id'])
      t.equal(answer.status, status, title)
      t.equal((await broker.audit()).some(line => line.requestId === requestId), audited, `${title}: its line in the audit`)
      if (LOG_LEVEL === 'debug' || level === INFO) expected.push({ requestId, title, level })
      await until(() => expected.every(one => requests(broker).some(line => line.requestId === one.requestId)))
    }
    // On a busy machine any answer may be slow.
    const unexpected = () => requests(broker).filter(({ requestId, ms }) => ms <= 1000 && !expected.some(one => one.requestId === requestId))
    t.strictSame(unexpected(), [], 'no others have one')
    for (const { requestId, title, level } of expected) {
      const line = requests(broker).find(line => line.requestId === requestId)!
      t.equal(line.level, line.ms > 1000 ? INFO : level, title)
    }

    const page = new Page(broker.url)
    t.match(await page.open(), { status: 201 })
    t.match(await page.ask({ method: 'DELETE', path: '/session' }), { status: 204 })
    await ask(broker.url, { path: '/the-end' })
    await until(() => requests(broker).some(({ path }) => path === '/the-end'))
    if (LOG_LEVEL === 'debug') await until(() => requests(broker).filter(({ path }) => path === '/session').length === 2)
    else t.strictSame(unexpected().filter(({ path }) => path === '/session'), [], 'opening and ending a session is in the audit')
  })
}

t.test('a logger of the application that does not say which levels are on is handed the lines of all', async t => {
  const lines: Array<{ level: string, text: string }> = []
  const write = (level: string) => (_fields: object | string, text = '') => { lines.push({ level, text }) }
  const logger = Object.fromEntries(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map(level => [level, write(level)]))
  const own = { level: 'info', ...logger, child: () => own } as unknown as FastifyBaseLogger
  const app = fastify({ loggerInstance: own })
  await app.register(embedded, { prefix: '/twilio', settings: { ...settings, AUDIT_LOG: `${t.testdir()}/audit.log` }, authenticate: async () => true })
  t.teardown(() => app.close())
  t.equal((await app.inject({ method: 'POST', url: '/twilio/token/video', headers: { authorization: susan } })).statusCode, 200)
  await until(() => lines.some(({ level, text }) => level === 'debug' && text === 'request'))
})
