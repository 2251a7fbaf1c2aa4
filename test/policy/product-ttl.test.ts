import t from 'tap'
import { startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { inProcess } from '../helpers/in-process.js'
import { complete } from '../helpers/broker.js'

const policy = `rules:
  - who: [susan]
    allow: { video: { rooms: ["a*"], maxTtl: 600 }, sync: { maxTtl: 900 }, voice: {}, conversations: { maxTtl: 86400 } }
`
const settings = { POLICY_FILE: 'policy.yaml', PRODUCTS: 'video,sync,voice,conversations' }

t.test('a product\'s maxTtl bounds tokens that hold it, and the smallest bounds a token for several', async t => {
  const broker = await startBroker({ settings, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)
  const rows: Array<{ path: string, body: object, life?: number, refused?: RegExp, at?: string }> = [
    { path: '/token/video', body: { room: 'a1' }, life: 600 },
    { path: '/token/video', body: { room: 'a1', ttl: 300 }, life: 300 },
    { path: '/token/video', body: { room: 'a1', ttl: 601 }, refused: /^ttl: at most 600 seconds for video\.$/, at: '/ttl' },
    { path: '/token/video', body: { room: 'b1' }, refused: /^room: /, at: '/room' },
    { path: '/token/voice', body: {}, life: 3600 },
    { path: '/token/conversations', body: {}, life: 3600 },
    { path: '/token/conversations', body: { ttl: 3601 }, refused: /^ttl: at most 3600 seconds are allowed/, at: '/ttl' },
    { path: '/token', body: { products: { voice: {}, sync: {} } }, life: 900 },
    { path: '/token', body: { products: { video: { room: 'a1' }, sync: {} } }, life: 600 },
    { path: '/token', body: { products: { voice: {} } }, life: 3600 },
    { path: '/token', body: { products: { voice: {}, sync: {} }, ttl: 901 }, refused: /^sync: ttl: at most 900 seconds for sync\.$/, at: '/ttl' }
  ]
  for (const { path, body, life, refused, at } of rows) {
    const says = `${path} ${JSON.stringify(body)}`
    const answer = await ask(broker.url, { path, body, as: susan })
    if (life === undefined) {
      t.has(answer, { status: 403, body: { code: 'not-allowed' } }, says)
      t.match(answer.body, { detail: refused, errors: [{ path: new RegExp(`^${at}$`) }] }, says)
    } else t.match(answer, { status: 200, body: { expiresIn: life } }, says)
    if (life !== undefined) t.match((await broker.audit()).at(-1), { ttl: life }, says)
  }
  const all = await ask(broker.url, { path: '/token', as: susan, body: { ttl: 1000 } })
  t.strictSame(all.body.products.toSorted(), ['conversations', 'voice'])
  t.match(all, { status: 200, body: { expiresIn: 1000 } }, 'with nothing named, what may not live so long is left out')
})

t.test('while a policy is tried out, what its maxTtl would refuse is written down', async t => {
  const broker = await startBroker({ settings, files: { 'policy.yaml': `mode: audit\n${policy}` } })
  t.teardown(broker.close)
  t.match(await ask(broker.url, { path: '/token/sync', as: susan, body: { ttl: 1000 } }), { status: 200, body: { expiresIn: 1000 } })
  t.has((await broker.audit()).at(-1), { wouldRefuse: 'ttl: at most 900 seconds for sync.' })
  t.match(await ask(broker.url, { path: '/token/sync', as: susan, body: {} }), { status: 200, body: { expiresIn: 900 } })
})

t.test('the commands know it', async t => {
  const cwd = t.testdir({ 'policy.yaml': policy, 'bad.yaml': policy.replace('900', '1') })
  const env = { ...complete, ...settings }
  t.match(await inProcess(['policy', 'explain', 'susan', 'sync'], { env, cwd }), { code: 0, out: /ttl {7}900 seconds/ })
  t.match(await inProcess(['policy', 'explain', 'susan', 'sync', '--ttl', '1000'], { env, cwd }), { code: 1, out: /ttl: at most 900 seconds for sync/ })
  t.match(await inProcess(['policy', 'check'], { env: { ...env, POLICY_FILE: 'bad.yaml' }, cwd }), { code: 1, err: /^bad\.yaml:3:\d+ maxTtl must be >= 180/ })
  t.match((await inProcess(['policy', 'schema'], { env, cwd })).out, /"maxTtl"/)
})
