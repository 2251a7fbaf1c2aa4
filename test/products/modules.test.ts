import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadProducts } from '../helpers/settings.js'
import { startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { pluginText } from '../helpers/plugin.js'
import { start, writeUsers } from '../helpers/process.js'
import { root } from '../helpers/root.js'

t.test('a plugin that was compiled to CommonJS, or is written in it, is a product like any other', async t => {
  const definition = (name: string) => `defineProduct({ name: '${name}', settings: Type.Object({}), request: Type.Object({}), allow: Type.Object({}), grant: () => ({ key: '${name}', toPayload: () => ({}) }) })`
  const folder = t.testdir({
    // As TypeScript writes it.
    'compiled.cjs': `"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\nconst { defineProduct, Type } = require("twilio-token-broker/product");\nexports.default = ${definition('compiled')};\n`,
    'written.cjs': `const { defineProduct, Type } = require('twilio-token-broker/product')\nmodule.exports = ${definition('written')}\n`,
    node_modules: { '@example': { fax: { 'package.json': '{"name":"@example/fax","main":"./main.js"}', 'main.js': `const { defineProduct, Type } = require('twilio-token-broker/product')\nexports.default = ${definition('packaged')}\n` } } }
  })
  symlinkSync(root, join(folder, 'node_modules/twilio-token-broker'))
  await writeUsers(folder)
  const broker = await start(t, { cwd: folder, settings: { PRODUCTS: './compiled.cjs,./written.cjs,@example/fax' } })
  for (const name of ['compiled', 'written', 'packaged']) t.equal((await ask(broker.url, { as: susan, path: `/token/${name}` })).status, 200, name)
})

t.test('what CommonJS exports as default is what import() gives inside of the default', async t => {
  const folder = t.testdir({ 'fax.mjs': pluginText().replace('export default', 'const product =') + 'export default { __esModule: true, default: product }\n' })
  const { products, mistakes } = await loadProducts(['./fax.mjs'], folder)
  t.strictSame({ names: products.map(product => product.name), mistakes }, { names: ['fax'], mistakes: [] })
})

const others: Array<{ title: string, text: string, reason: string }> = [
  { title: 'a product under another name', text: pluginText().replace('export default', 'export const fax ='), reason: 'it exports the product as fax; make that its default export' },
  { title: 'no default', text: 'export const fax = 1', reason: 'it has no default export; export default what defineProduct() makes' },
  { title: 'null', text: 'export default null', reason: 'its default export is not made by defineProduct()' },
  { title: 'the definition itself', text: 'export default { name: "fax" }', reason: 'its default export is not made by defineProduct()' },
  { title: 'a mistake with several lines', text: 'throw new Error("first\\nsecond")', reason: 'first' }
]

t.test('a module that gives no product is named with the reason', async t => {
  const folder = t.testdir(Object.fromEntries(others.map(({ text }, i) => [`${i}.mjs`, text])))
  const { mistakes } = await loadProducts(others.map((_, i) => `./${i}.mjs`), folder)
  for (const [i, { title, reason }] of others.entries()) t.equal(mistakes[i], `PRODUCTS: the plugin ./${i}.mjs cannot be loaded: ${reason}`, title)
})

t.test('O40: a plugin that is never done loading is named, and delays no other', async t => {
  const folder = t.testdir({ 'one.mjs': 'await new Promise(() => {})', 'two.mjs': 'await new Promise(() => {})' })
  const { products, mistakes } = await loadProducts(['video', './one.mjs', './two.mjs', 'sync'], folder, { loadMs: 10 })
  t.strictSame(products.map(product => product.name), ['video', 'sync'])
  t.strictSame(mistakes, ['one', 'two'].map(name => `PRODUCTS: the plugin ./${name}.mjs cannot be loaded: it is still loading after 0.01 s; look for a top-level await that never settles`))
})

t.test('a package is looked for beside the broker, too', async t => {
  const { mistakes } = await loadProducts(['@fastify/cors'], '/')
  t.strictSame(mistakes, ['PRODUCTS: the plugin @fastify/cors cannot be loaded: its default export is not made by defineProduct()'])
})

t.test('a package that is nowhere is looked for in the working directory, as the reason says', async t => {
  const { mistakes } = await loadProducts(['@example/nowhere'], t.testdir())
  t.match(mistakes, [/^PRODUCTS: the plugin @example\/nowhere cannot be loaded: Cannot find package '@example\/nowhere' imported from .*modules\.test.*package\.json$/])
})

t.test('a plugin that comes with its own copy of this package refuses as one without does', async t => {
  const text = pluginText({ grant: '() => forbid("room", "one that is closed")' }).replace(/^import .*/, 'import { defineProduct, forbid, Type } from "./own/product.js"')
  const folder = t.testdir({ 'fax.mjs': text })
  cpSync(fileURLToPath(new URL('../../src', import.meta.url)), join(folder, 'own'), { recursive: true })
  const broker = await startBroker({ settings: { PRODUCTS: `${'../'.repeat(20)}${folder.slice(1)}/fax.mjs` } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: susan, path: '/token/fax' }), { status: 403, body: { code: 'not-allowed', detail: 'room: one that is closed.' } })
  t.has(await ask(broker.url, { as: susan, path: '/token', body: { products: { fax: {} } } }), { status: 403, body: { errors: [{ path: '/products/fax/room' }] } })
})
