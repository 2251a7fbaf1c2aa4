import t from 'tap'
import { LastGrants, type Granted } from '../../src/http/last-grants.js'
import type { EnabledProduct } from '../../src/products/contract.js'
import { basic, secrets, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { pluginText } from '../helpers/plugin.js'
import { open } from '../helpers/token.js'

/** The test's product counts here. */
const counts = globalThis as unknown as { faxGrants: number }

const juan = basic('juan', 'secret123')

const fax = pluginText({
  request: 'Type.Object({ to: Type.Optional(Type.String()) })',
  grant: '({ request, identity }) => { globalThis.faxGrants++; return { key: \'fax\', toPayload: () => ({ to: request.to, by: identity }) } }'
})

const policy = (allow: string, mode = 'enforce') => `mode: ${mode}\nrules:\n  - who: [susan, juan]\n    allow: ${allow}\n`

/** Fills one object again and again. */
const careless = pluginText({
  request: 'Type.Object({ to: Type.Optional(Type.String()) })',
  grant: '({ request, identity }) => { const { to } = request; return { key: \'fax\', toPayload: () => Object.assign(globalThis.faxPayload ??= {}, { to, by: identity }) } }'
})

async function faxBroker (plugin = fax) {
  counts.faxGrants = 0
  const broker = await startBroker({
    settings: { PRODUCTS: './fax.js,video', POLICY_FILE: 'policy.yaml' },
    users: { susan: 'secret123', juan: 'secret123' },
    files: { 'fax.js': plugin, 'policy.yaml': policy('{ fax: {} }') }
  })
  const send = async (as: string, body: object, path = '/token/fax') => {
    const { status, body: { token, expiresIn, code } } = await ask(broker.url, { as, path, body })
    return { status, expiresIn, code, grant: token === undefined ? undefined : open(token, secrets.keySecret).claims.grants['fax'] }
  }
  return { ...broker, send }
}

t.test('a product is asked again only for a request that differs from the caller\'s last one', async t => {
  const { send, close } = await faxBroker()
  t.teardown(close)
  const long = 'x'.repeat(600)
  const rows: Array<{ title: string, as: string, body: object, path?: string, asked: number, expiresIn?: number, grant: object }> = [
    { title: 'the first', as: susan, body: { to: 'a' }, asked: 1, grant: { to: 'a', by: 'susan' } },
    { title: 'the same', as: susan, body: { to: 'a' }, asked: 0, grant: { to: 'a', by: 'susan' } },
    { title: 'the same of another caller', as: juan, body: { to: 'a' }, asked: 1, grant: { to: 'a', by: 'juan' } },
    { title: 'with something else', as: susan, body: { to: 'b' }, asked: 1, grant: { to: 'b', by: 'susan' } },
    { title: 'with another life', as: susan, body: { to: 'b', ttl: 200 }, asked: 1, expiresIn: 200, grant: { to: 'b', by: 'susan' } },
    { title: 'without it again', as: susan, body: { to: 'b' }, asked: 1, grant: { to: 'b', by: 'susan' } },
    { title: 'one that is too long to be remembered', as: susan, body: { to: long }, asked: 1, grant: { to: long } },
    { title: 'the same', as: susan, body: { to: long }, asked: 1, grant: { to: long } },
    { title: 'one for several products', as: susan, body: { products: { fax: { to: 'b' } } }, path: '/token', asked: 1, grant: { to: 'b' } },
    { title: 'the same', as: susan, body: { products: { fax: { to: 'b' } } }, path: '/token', asked: 1, grant: { to: 'b' } },
    { title: 'the last for this product, which others did not replace', as: susan, body: { to: 'b' }, asked: 0, grant: { to: 'b' } }
  ]
  for (const { title, as, body, path, asked, expiresIn = 3600, grant } of rows) {
    const before = counts.faxGrants
    t.match(await send(as, body, path), { status: 200, expiresIn, grant }, title)
    t.equal(counts.faxGrants - before, asked, title)
  }
})

t.test('a request that was granted is judged by the new policy after a reload', async t => {
  const { send, close, write, reload, audit } = await faxBroker()
  t.teardown(close)
  for (let i = 0; i < 2; i++) t.match(await send(susan, { to: 'a' }), { status: 200 })
  await write('policy.yaml', policy('{ video: {} }'))
  await reload()
  for (let i = 0; i < 2; i++) t.has(await send(susan, { to: 'a' }), { status: 403, code: 'not-allowed' })
  await write('policy.yaml', policy('{ video: {} }', 'audit'))
  await reload()
  for (let i = 0; i < 2; i++) t.match(await send(susan, { to: 'a' }), { status: 200 })
  t.match((await audit()).slice(-2), [{ wouldRefuse: /fax/ }, { wouldRefuse: /fax/ }], 'what the policy would refuse is on record each time')
})

t.test('a product that changes an object that it returned before changes nobody else\'s grant', async t => {
  const { send, close } = await faxBroker(careless)
  t.teardown(close)
  for (const { as, by } of [{ as: susan, by: 'susan' }, { as: juan, by: 'juan' }, { as: susan, by: 'susan' }]) t.has(await send(as, { to: 'a' }), { grant: { to: 'a', by } }, by)
})

t.test('what was granted is remembered for a minute', async t => {
  let now = 0
  let asked = 0
  const last = new LastGrants(() => now)
  const caller = { name: 'susan', identity: 'susan' }
  const product = {} as EnabledProduct
  const send = () => last.reuse(caller, product, {}, () => { asked++; return {} as Granted })
  for (const { at, times } of [{ at: 0, times: 1 }, { at: 59_999, times: 1 }, { at: 60_000, times: 2 }, { at: 119_999, times: 2 }]) {
    now = at
    send()
    t.equal(asked, times, `after ${at} ms`)
  }
})
