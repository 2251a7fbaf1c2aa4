import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtIn } from '../../src/products/load.js'
import { mustFit } from '../../src/products/fit.js'
import { loadProducts, readSettings } from '../helpers/settings.js'
import { complete, secrets, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { root } from '../helpers/root.js'
import { open } from '../helpers/token.js'

const workspace = `WS${'1'.repeat(32)}`
const worker = `WK${'2'.repeat(32)}`

/** A row for each product in plugins/, with a request that it takes. */
const products: Record<string, object> = {
  chat: {},
  conversations: {},
  sync: {},
  video: { room: 'My Room' },
  voice: { incoming: true, params: { To: 'bob' } }
}

t.test('each product of plugins/ is small, on by setting, and in .env.example', async t => {
  const example = readFileSync(join(root, '.env.example'), 'utf8')
  const found = await builtIn()
  t.strictSame([...found.keys()], Object.keys(products))
  for (const [name, product] of found) {
    const lines = readFileSync(join(root, `plugins/${name}.ts`), 'utf8').trim().split('\n').length
    t.ok(lines <= 30, `${name} has ${lines} lines`)
    t.doesNotThrow(() => mustFit(product), `${name} has schemas`)
    t.match(example, new RegExp(`^# ${name}\\b`, 'mi'), `${name} has a block`)
    for (const setting of Object.keys(product.settings.properties)) t.match(example, new RegExp(`^#? ?${setting}=`, 'm'), setting)
  }
  t.strictSame(readdirSync(join(root, 'plugins')).length, found.size)
})

t.test('each product alone gives a token, and the others are unknown', async t => {
  for (const [name, body] of Object.entries(products)) {
    const broker = await startBroker({ settings: { PRODUCTS: name } })
    t.equal((await ask(broker.url, { as: susan, path: `/token/${name}`, body })).status, 200, name)
    for (const other of Object.keys(products).filter(other => other !== name)) {
      t.has(await ask(broker.url, { as: susan, path: `/token/${other}` }), { status: 404, body: { code: 'product-unknown' } }, `${other} beside ${name}`)
    }
    await broker.close()
  }
})

/** From whatever working directory, as `PRODUCTS` wants it: a path that starts with a dot. */
const fake = (file: string) => '../../'.repeat(20) + new URL(`../fakes/products/${file}`, import.meta.url).pathname.slice(1)

t.test('a request may hold a map whose names follow a pattern', async t => {
  const broker = await startBroker({ settings: { PRODUCTS: fake('patterned.js') } })
  t.teardown(broker.close)
  const asking = (attributes: object) => ask(broker.url, { as: susan, path: '/token/patterned', body: { attributes } })
  t.equal((await asking({ 'x-a': 'b' })).status, 200)
  t.has(await asking({ 'x-a': 1, secretkey: 'b' }), { status: 400, body: { errors: [{ path: '/attributes', message: 'has an unknown property' }] } })
  t.notMatch((await asking({ secretkey: 'b' })).text, /secretkey/)
})

t.test('a sixth product, written by a third party, is a product like any other', async t => {
  const broker = await startBroker({ settings: { PRODUCTS: `video, ${fake('taskrouter.js')}`, TWILIO_TASKROUTER_WORKSPACE_SID: workspace } })
  t.teardown(broker.close)
  const answer = await ask(broker.url, { as: susan, path: '/token/taskrouter', body: { worker } })
  t.equal(answer.status, 200)
  t.strictSame(open(answer.body.token, secrets.keySecret).claims.grants,
    { identity: 'susan', task_router: { workspace_sid: workspace, worker_sid: worker, role: 'worker' } })
  for (const method of ['GET', 'POST']) {
    t.has(await ask(broker.url, { as: susan, path: '/token/taskrouter', method }), { status: 400, body: { errors: [{ path: '/worker' }] } }, method)
  }
  t.has(await ask(broker.url, { as: susan, path: '/token' }), { status: 200, body: { products: ['video'] } }, 'what needs a choice is left out')
  t.has(await ask(broker.url, { as: susan, path: '/token', body: { products: { video: {}, taskrouter: { worker } } } }),
    { status: 200, body: { products: ['video', 'taskrouter'] } })
})

t.test('a third party\'s package is found from the working directory', async t => {
  const folder = t.testdir({
    node_modules: {
      '@example': {
        fax: { 'package.json': JSON.stringify({ name: '@example/fax', type: 'module', exports: { import: './fax.js' } }), 'fax.js': 'export default 1' }
      }
    }
  })
  t.has(await loadProducts(['@example/fax'], folder),
    { products: { length: 0 }, mistakes: ['PRODUCTS: the plugin @example/fax cannot be loaded: its default export is not made by defineProduct()'] })
})

const broken: Array<[file: string, mistake: RegExp]> = [
  ['throws.js', /^PRODUCTS: the plugin .*throws\.js cannot be loaded: no such licence$/],
  ['throws-nothing.js', /^PRODUCTS: the plugin .*throws-nothing\.js cannot be loaded: it threw no Error$/],
  ['bad-schema.js', /^PRODUCTS: the plugin .*bad-schema\.js cannot be loaded: settings: Invalid regular expression/],
  ['bad-request.js', /^PRODUCTS: the plugin .*bad-request\.js cannot be loaded: request: schema is invalid: data\/properties\/number\/maxLength must be >= 0/],
  ['bad-allow.js', /^PRODUCTS: the plugin .*bad-allow\.js cannot be loaded: allow: schema is invalid: data\/properties\/bad-allow\/properties\/numbers\/minItems must be integer/],
  ['second-video.js', /^PRODUCTS: entry 2 is a second product called video; keep one$/]
]

t.test('O38: a plugin that throws, or claims a name that is taken, stops the start and is named', async t => {
  for (const [file, mistake] of broken) {
    const { mistakes } = await loadProducts(['video', fake(file)], '/')
    t.equal(mistakes.length, 1, file)
    t.match(mistakes[0], mistake, file)
  }
})

t.test('a plugin that claims a setting of the broker stops the start', async t => {
  const refused = await startBroker({ settings: { PRODUCTS: fake('greedy.js') } }).catch((error: unknown) => error)
  t.has(refused, { mistakes: ['PRODUCTS: the plugin greedy claims the setting TWILIO_API_KEY_SECRET, which is taken'] })
})

t.test('a plugin may have lists as settings, by the keyword of env-schema', async t => {
  const { products, mistakes } = await readSettings({ ...complete, PRODUCTS: fake('separated.js'), SEPARATED_NUMBERS: '1,2' }, '/')
  t.strictSame(mistakes, [])
  t.has(products, [{ settings: { SEPARATED_NUMBERS: ['1', '2'], SEPARATED_LETTERS: { length: 0 } } }])
})

t.test('plugins whose settings do not go together stop the start', async t => {
  const refused = await startBroker({ settings: { PRODUCTS: `${fake('same-id.js')},${fake('same-id-too.js')}` } }).catch((error: unknown) => error)
  t.match(refused, { mistakes: [/^PRODUCTS: the plugins' settings cannot be read together: reference "number" resolves to more than one schema$/] })
})

t.test('O36: a product whose grant throws, or takes the identity\'s place, is 500 with fixed text, and audited', async t => {
  for (const file of ['grant-throws.js', 'grant-throws-nothing.js', 'grant-identity.js']) {
    const broker = await startBroker({ settings: { PRODUCTS: fake(file) } })
    const answer = await ask(broker.url, { as: susan, path: '/token/fax' })
    t.has(answer, { status: 500, body: { code: 'internal' } }, file)
    t.match(answer.body.detail, /^The broker failed\./, file)
    t.notMatch(answer.text, /secret of the fax/, file)
    t.has((await broker.audit()).at(-1), { event: 'token.refused', code: 'internal', caller: 'susan', products: ['fax'] }, file)
    t.match(broker.log(), /request failed/, file)
    for (const body of [{}, { products: { fax: {} } }]) t.match(await ask(broker.url, { as: susan, path: '/token', body }), { status: 500 }, `${file}: among several`)
    await broker.close()
  }
})
