import t from 'tap'
import { loadProducts } from '../helpers/settings.js'
import { complete, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { inProcess } from '../helpers/in-process.js'
import { pluginText, type Fields } from '../helpers/plugin.js'

interface Row {
  title: string
  fields: Fields
  says: RegExp
}

/** What the ajv that serves requests, reads settings or reads the policy would not compile. */
const misfits: Row[] = [
  {
    title: 'a format in the request that nothing checks',
    fields: { request: 'Type.Object({ id: Type.String({ format: "uuid" }) })' },
    says: /request: unknown format "uuid" in the schema at path "#\/properties\/id"/
  },
  {
    title: 'a format in a setting',
    fields: { settings: 'Type.Object({ FAX_PAGE: Type.String({ format: "uri" }) })' },
    says: /settings: unknown format "uri"/
  },
  {
    title: 'a format in the policy',
    fields: { allow: 'Type.Object({ numbers: Type.Array(Type.String({ format: "phone" })) })' },
    says: /allow: unknown format "phone"/
  },
  {
    title: 'a keyword that there is not',
    fields: { request: 'Type.Object({ to: Type.String({ maxLenght: 5 }) })' },
    says: /request: .*unknown keyword: "maxLenght"/
  },
  {
    title: 'a keyword of settings in the request',
    fields: { request: 'Type.Object({ to: Type.String({ separator: "," }) })' },
    says: /request: .*unknown keyword: "separator"/
  },
  {
    title: 'a default where it would have no effect',
    fields: { request: 'Type.Object({ to: Type.Union([Type.Object({ fax: Type.String({ default: "a" }) }), Type.Integer()]) })' },
    says: /request: .*default is ignored/
  },
  {
    title: 'a reference to nothing',
    fields: { request: 'Type.Object({ to: Type.Unsafe({ $ref: "number" }) })' },
    says: /request: can't resolve reference number/
  },
  {
    title: 'a reference to a property that is not there in a request for several products',
    fields: { request: 'Type.Object({ days: Type.Unsafe({ $ref: "#/properties/ttl" }) })' },
    says: /request: can't resolve reference #\/properties\/ttl/
  },
  {
    title: 'a reference from the root of allow, which is not the root of the policy',
    fields: { allow: 'Type.Object({ one: Type.String(), other: Type.Unsafe({ $ref: "#/properties/one" }) })' },
    says: /allow: can't resolve reference #\/properties\/one/
  },
  {
    title: 'a schema that is answered later',
    fields: { request: 'Type.Object({ to: Type.Unsafe({ type: "string", $async: true }) })' },
    says: /request: async schema/
  }
]

t.test('a product whose schema could not be compiled where it serves is not loaded', async t => {
  const folder = t.testdir(Object.fromEntries(misfits.map(({ fields }, i) => [`${i}.mjs`, pluginText(fields)])))
  for (const [i, { title, says }] of misfits.entries()) {
    const { products, mistakes } = await loadProducts([`./${i}.mjs`], folder)
    t.match({ products, mistakes }, { products: { length: 0 }, mistakes: [new RegExp(`^PRODUCTS: the plugin \\./${i}.mjs cannot be loaded: ${says.source}`)] }, title)
    t.equal(mistakes.length, 1, title)
  }
})

t.test('O39: it is refused alike by check, start and a reload, which leaves the old products', async t => {
  const broker = await startBroker({ settings: { LOG_LEVEL: 'error' } })
  t.teardown(broker.close)
  for (const field of ['settings', 'request', 'allow']) {
    const plugin = `./${field}.mjs`
    const text = pluginText({ [field]: 'Type.Object({ FAX_ID: Type.String({ format: "uuid" }) })' })
    const mistake = `PRODUCTS: the plugin ${plugin} cannot be loaded: ${field}: unknown format "uuid" in the schema at path`
    await broker.write(plugin, text)
    await broker.write('.env', `PRODUCTS=video,${plugin}`)

    await broker.reload()
    const line = broker.log().trim().split('\n').at(-1)!
    t.ok((JSON.parse(line) as { msg: string }).msg.startsWith(`settings not taken, the old ones stay: ${mistake}`), `${field}: reload`)
    t.equal((await ask(broker.url, { as: susan, path: '/token/voice' })).status, 200, `${field}: the old products are given`)

    t.match(await startBroker({ settings: { PRODUCTS: plugin }, files: { [plugin]: text } }).catch((error: unknown) => error), { mistakes: [new RegExp(mistake)] }, `${field}: start`)
    t.match(await inProcess(['check'], { cwd: broker.folder, env: complete }), { code: 78, err: new RegExp(mistake) }, `${field}: check`)
  }
})

t.test('two products may use one $id in their requests', async t => {
  const plugin = (name: string, pattern: string) => pluginText({
    name: `'${name}'`,
    request: `Type.Object({ number: Type.String({ $id: 'number', pattern: '${pattern}' }) })`,
    grant: `() => ({ key: '${name}', toPayload: () => ({}) })`
  })
  const broker = await startBroker({
    settings: { PRODUCTS: './letters.mjs,./digits.mjs' },
    files: { 'letters.mjs': plugin('letters', '^[a-z]+$'), 'digits.mjs': plugin('digits', '^[0-9]+$') }
  })
  t.teardown(broker.close)
  const asking = (products: object) => ask(broker.url, { as: susan, path: '/token', body: { products } })
  t.has(await asking({ letters: { number: 'a' }, digits: { number: '1' } }), { status: 200, body: { products: ['letters', 'digits'] } })
  t.has(await asking({ letters: { number: '1' }, digits: { number: 'a', more: 1 } }), {
    status: 400,
    body: {
      errors: [
        { path: '/products/letters/number', message: 'must match pattern "^[a-z]+$"' },
        { path: '/products/digits', message: 'has an unknown property; known are number' },
        { path: '/products/digits/number', message: 'must match pattern "^[0-9]+$"' }
      ]
    }
  })
})

t.test('two products whose entries in the policy contradict each other stop the start', async t => {
  const plugin = (name: string, pattern: string) => pluginText({ name: `'${name}'`, allow: `Type.Object({ number: Type.String({ $id: 'number', pattern: '${pattern}' }) })` })
  const refused = await startBroker({
    settings: { PRODUCTS: './letters.mjs,./digits.mjs' },
    files: { 'letters.mjs': plugin('letters', '^[a-z]+$'), 'digits.mjs': plugin('digits', '^[0-9]+$') }
  }).catch((error: unknown) => error)
  t.has(refused, { mistakes: ['PRODUCTS: the plugins\' allow schemas cannot be read together: reference "number" resolves to more than one schema'] })
})
