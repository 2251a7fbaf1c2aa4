import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fastify } from 'fastify'
import t from 'tap'
import { broker as plugin } from '../../src/index.js'
import { keepRenewed } from '../../src/server/tls-reload.js'
import { start } from '../../src/server/start.js'
import { complete, startBroker, susan } from '../helpers/broker.js'
import { application, settings, token } from '../helpers/embedded.js'
import { fakeProduct } from '../helpers/fake-product.js'
import { ask } from '../helpers/http.js'
import { first, secure } from '../helpers/https.js'
import { openFiles } from '../helpers/open-files.js'
import { start as startProcess, writeUsers } from '../helpers/process.js'
import { until } from '../helpers/until.js'

const policy = (allow: string) => `rules:\n  - who: ["*"]\n    allow: { ${allow} }\n`
const times = (log: string, text: string) => log.split(text).length - 1
const notTaken = 'settings not taken, the old ones stay'

t.test('O19: products that cannot be registered leave a running process as it was, at a change of .env and on SIGHUP', async t => {
  const broker = await startProcess(t, { settings: { OPERATORS: 'susan' } })
  const lives = async () => (await ask(broker.url, { as: susan })).body.expiresIn
  const write = (env: string) => writeFileSync(join(broker.cwd, '.env'), env, { mode: 0o600 })
  write(`PRODUCTS=${fakeProduct('never-registers.js')}\nTOKEN_TTL=600\n`)
  await until(() => times(broker.log(), notTaken) === 1)
  t.match(broker.log(), /no fax in this building/, 'the log holds the cause')
  t.equal(await lives(), 3600)
  process.kill(broker.pid, 'SIGHUP')
  await until(() => times(broker.log(), notTaken) === 2)
  t.equal(await lives(), 3600)
  const { text } = await ask(broker.url, { method: 'GET', path: '/metrics', as: susan })
  t.match(text, /token_broker_reloads_total\{what="settings",outcome="refused"\} 2/)
  write('PRODUCTS=video\nTOKEN_TTL=700\n')
  await until(async () => await lives() === 700)
})

t.test('S156: inside an application they leave the host alive', async t => {
  let reload = async () => {}
  const { url, close, write, log } = await application({
    files: { 'policy.yaml': policy('sync: {}') },
    brokers: [{ settings: { POLICY_FILE: 'policy.yaml', PRODUCTS: `video,sync,${fakeProduct('registers-once.js')}` }, onStart: broker => { reload = broker.reload } }]
  })
  t.teardown(close)
  await write('policy.yaml', policy('video: {}'))
  await until(() => times(log(), notTaken) === 1)
  t.match(log(), /the fax is registered already/)
  await reload()
  t.equal(times(log(), notTaken), 2)
  t.equal((await ask(url, { as: susan, path: token })).status, 403, 'the old policy is the one that holds')
  t.has(await ask(url, { method: 'GET', path: '/' }), { body: { application: 'home' } })
})

t.test('a start that fails when all is open closes it again', async t => {
  const folder = t.testdir()
  await writeUsers(folder)
  const PRODUCTS = fakeProduct('never-registers.js')
  const stdout = new Writable()
  await t.rejects(start({ env: { ...complete, PRODUCTS }, cwd: folder, stdout, log: { write: () => {} } }), { message: 'no fax in this building' })
  t.strictSame(openFiles(folder), [])
  const app = fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => await app.register(plugin, { prefix: '/twilio', authenticate: () => null, cwd: folder, settings: { ...settings, PRODUCTS } }), { message: 'no fax in this building' })
  t.strictSame(openFiles(folder), [])
})

t.test('a file that only the refused settings name is looked at until it is right', async t => {
  const broker = await startBroker({ files: { '.env': '', 'next.yaml': policy('vide: {}') } })
  t.teardown(broker.close)
  const sync = async () => (await ask(broker.url, { as: susan, path: '/token/sync' })).status
  await broker.write('.env', 'POLICY_FILE=next.yaml\n')
  await until(() => times(broker.log(), notTaken) === 1)
  t.equal(await sync(), 200)
  await broker.write('next', policy('video: {}'))
  renameSync(join(broker.folder, 'next'), join(broker.folder, 'next.yaml'))
  await until(async () => await sync() === 403)
})

t.test('a certificate that cannot be taken up leaves the old one, and the next is taken', async t => {
  const folder = t.testdir(first)
  const errors: string[] = []
  const read: boolean[] = []
  let failing = true
  const renewal = keepRenewed(
    { ...secure } as unknown as Parameters<typeof keepRenewed>[0],
    folder,
    { info () {}, warn () {}, error: (...line: [object | string, string?]) => { errors.push(String(line.at(-1))) } },
    () => { if (failing) throw new Error('no') },
    taken => read.push(taken)
  )
  t.teardown(() => renewal.close())
  await renewal.renew()
  t.strictSame([errors, read], [['certificate rejected, the old one stays'], [false]])
  failing = false
  await renewal.renew()
  t.strictSame(read, [false, true])
})
