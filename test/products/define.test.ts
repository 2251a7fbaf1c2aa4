import t from 'tap'
import { badRequest, defineProduct, forbid, invalid, permit, refuse, resolveFlag } from '../../src/product.js'
import { loadProducts } from '../helpers/settings.js'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { pluginText } from '../helpers/plugin.js'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const text = { type: 'string' }
const grant = () => ({ key: 'fax', toPayload: () => ({}) })
const right = { name: 'fax', settings: object({}), request: object({}), allow: object({}), grant }
const { name, settings, request, allow, grant: _, ...nothing } = right

/** As JavaScript calls it, which no compiler holds back. */
const define = defineProduct as (definition: unknown) => unknown

interface Row {
  title: string
  definition: unknown
  says: string
}

const objectRule = 'must be a Type.Object({ … })'
const nameRule = 'must start with a letter and have lower-case letters, digits and dashes only'
const identityRule = 'must be { maxLength, characters?, described? }'
const charactersRule = 'must have a regular expression without the flags g and y as characters'
const regionRule = 'must be a list with one or more of us1, ie1, au1'
const grantRule = 'must be a plain function: it returns the grant itself, so it is neither async nor a generator'

const wrong: Row[] = [
  { title: 'nothing', definition: undefined, says: 'defineProduct() takes an object with name, settings, request, allow and grant' },
  { title: 'a list', definition: [right], says: 'defineProduct() takes an object with name, settings, request, allow and grant' },
  { title: 'no field', definition: nothing, says: 'product without a name: name is missing; settings is missing; request is missing; allow is missing; grant is missing' },
  { title: 'a life of its own', definition: { ...right, allow: { type: 'object', properties: { maxTtl: text } } }, says: 'product fax: allow cannot have maxTtl, which is the broker\'s own' },
  { title: 'no name', definition: { ...right, name: undefined }, says: 'product without a name: name is missing' },
  ...[7, '', 'Fax', 'fax/x', '../fax', '1fax'].map(name => ({ title: `the name ${name}`, definition: { ...right, name }, says: `product ${typeof name === 'string' && name !== '' ? name : 'without a name'}: name ${nameRule}` })),
  ...['settings', 'request', 'allow', 'grant'].map(field => ({ title: `no ${field}`, definition: { ...right, [field]: undefined }, says: `product fax: ${field} is missing` })),
  ...['settings', 'request', 'allow'].flatMap(field => [
    { title: `${field} that are text`, definition: { ...right, [field]: 'FAX' }, says: `product fax: ${field} ${objectRule}` },
    { title: `${field} as a list`, definition: { ...right, [field]: { type: 'array', items: text } }, says: `product fax: ${field} ${objectRule}` },
    { title: `${field} without properties`, definition: { ...right, [field]: { type: 'object' } }, says: `product fax: ${field} ${objectRule}` },
    { title: `${field} that require no list`, definition: { ...right, [field]: object({}, { required: true }) }, says: `product fax: ${field} must have a list of names in required` },
    { title: `${field} that require a stranger`, definition: { ...right, [field]: object({ FAX: text }, { required: ['FAX', 'FAXES'] }) }, says: `product fax: ${field} requires FAXES, which is none of its properties` }
  ]),
  ...['settings', 'request'].flatMap(field => [
    { title: `a keyword beside the properties of ${field}`, definition: { ...right, [field]: object({}, { minProperties: 1 }) }, says: `product fax: ${field} cannot have minProperties beside its properties; check it in grant, or in a property` },
    { title: `${field} that take anything`, definition: { ...right, [field]: object({}, { additionalProperties: true }) }, says: `product fax: ${field} cannot have additionalProperties beside its properties; check it in grant, or in a property` }
  ]),
  { title: 'a setting in small letters', definition: { ...right, settings: object({ FAX_SID: text, faxNumber: text }) }, says: 'product fax: settings must have names in capital letters, digits and _; faxNumber has others' },
  { title: 'properties of the broker', definition: { ...right, request: object({ ttl: text, to: text, identity: text }) }, says: 'product fax: request cannot have ttl, identity, which is the broker\'s own' },
  { title: 'an identity rule that is a number', definition: { ...right, identity: 64 }, says: `product fax: identity ${identityRule}` },
  { title: 'an identity rule without a length', definition: { ...right, identity: {} }, says: 'product fax: identity must have a whole number of at least 1 as maxLength' },
  { title: 'an identity of no character', definition: { ...right, identity: { maxLength: 0 } }, says: 'product fax: identity must have a whole number of at least 1 as maxLength' },
  { title: 'a misspelt identity rule', definition: { ...right, identity: { maxLength: 9, character: /a/ } }, says: 'product fax: identity cannot have character; there are maxLength, characters, described' },
  { title: 'characters as text', definition: { ...right, identity: { maxLength: 9, characters: 'a-z', described: 'a' } }, says: `product fax: identity ${charactersRule}` },
  { title: 'characters that remember where they stopped', definition: { ...right, identity: { maxLength: 9, characters: /[a-z]/g, described: 'a' } }, says: `product fax: identity ${charactersRule}` },
  { title: 'sticky characters', definition: { ...right, identity: { maxLength: 9, characters: /[a-z]/y, described: 'a' } }, says: `product fax: identity ${charactersRule}` },
  { title: 'words without characters', definition: { ...right, identity: { maxLength: 9, described: 'letters' } }, says: 'product fax: identity must have characters where it has described' },
  { title: 'words that are none', definition: { ...right, identity: { maxLength: 9, characters: /[a-z]/, described: '' } }, says: 'product fax: identity must have a text as described' },
  ...['us1', [], ['us2'], ['us1', 'US1'], [1]].map(regions => ({ title: `regions ${JSON.stringify(regions)}`, definition: { ...right, regions }, says: `product fax: regions ${regionRule}` })),
  { title: 'defersGrant as text', definition: { ...right, defersGrant: 'yes' }, says: 'product fax: defersGrant must be true or false' },
  { title: 'yields as a number', definition: { ...right, yields: 1 }, says: 'product fax: yields must be true or false' },
  { title: 'a grant that is an object', definition: { ...right, grant: grant() }, says: 'product fax: grant must be a function' },
  { title: 'an async grant', definition: { ...right, grant: async () => grant() }, says: `product fax: grant ${grantRule}` },
  { title: 'a generator as grant', definition: { ...right, grant: function * () { yield grant() } }, says: `product fax: grant ${grantRule}` },
  { title: 'a field that there is not', definition: { ...right, region: ['us1'] }, says: 'product fax: region is not a field; there are name, settings, request, allow, identity, regions, defersGrant, yields, grant' },
  { title: 'several mistakes', definition: { ...right, regions: 'us1', grant: 1 }, says: `product fax: regions ${regionRule}; grant must be a function` }
]

t.test('defineProduct refuses a definition that is not right, and names the product and each field', async t => {
  for (const { title, definition, says } of wrong) t.throws(() => define(definition), new TypeError(says), title)
})

t.test('a plugin with such a definition is refused when it is loaded', async t => {
  const folder = t.testdir({ 'fax.mjs': pluginText({ grant: 'async () => ({ key: "fax", toPayload: () => ({}) })', regions: '["us2"]' }) })
  t.has(await loadProducts(['./fax.mjs'], folder), {
    products: { length: 0 },
    mistakes: [`PRODUCTS: the plugin ./fax.mjs cannot be loaded: product fax: regions ${regionRule}; grant ${grantRule}`]
  })
})

t.test('a definition may be plain JSON Schema, or of another TypeBox, and have what it may leave out', async t => {
  const text = pluginText({
    settings: '{ type: "object", properties: { FAX_PAGES: { type: "integer", default: 2 } } }',
    request: '{ $id: "fax", title: "a fax", type: "object", required: ["to"], properties: { to: { type: "string" }, from: { type: "string" } }, additionalProperties: false }',
    identity: '{ maxLength: 5, characters: /[a-z]/ }',
    regions: '["us1", "ie1"]',
    grant: '({ settings, request }) => ({ key: "fax", toPayload: () => ({ ...settings, ...request }) })'
  })
  const broker = await startBroker({ settings: { PRODUCTS: './fax.mjs', TWILIO_REGION: 'ie1' }, users: { susan: 'secret123', Mia: 'secret123' }, files: { 'fax.mjs': text } })
  t.teardown(broker.close)
  const asking = (body: object) => ask(broker.url, { as: susan, path: '/token/fax', body })
  t.equal((await asking({ to: 'a' })).status, 200)
  t.has((await broker.audit()).at(-1), { grants: { fax: { FAX_PAGES: 2, to: 'a' } } })
  t.has(await ask(broker.url, { as: basic('Mia', 'secret123'), path: '/token/fax', body: { to: 'a' } }), {
    status: 422,
    body: { detail: 'identity: fax takes characters that match [a-z] only, and character 1 is "M" (U+004D).' }
  })
  t.has(await asking({ from: 'b' }), { status: 400, body: { errors: [{ path: '/to' }] } })
  t.has(await ask(broker.url, { as: susan, path: '/token', body: { products: { fax: {} } } }), { status: 400, body: { errors: [{ path: '/products/fax/to' }] } })
})

const grants: Array<{ title: string, code: string, says: string }> = [
  { title: 'nothing', code: '() => {}', says: 'it returned no object' },
  { title: 'a list', code: '() => []', says: 'it returned no object' },
  { title: 'a promise', code: '() => Promise.resolve({ key: "fax", toPayload: () => ({}) })', says: 'it returned a promise' },
  { title: 'a promise that fails', code: '() => Promise.reject(new Error("no fax"))', says: 'it returned a promise' },
  { title: 'no key', code: '() => ({ toPayload: () => ({}) })', says: 'its key is not a text' },
  { title: 'an empty key', code: '() => ({ key: "", toPayload: () => ({}) })', says: 'its key is not a text' },
  { title: 'no toPayload', code: '() => ({ key: "fax" })', says: 'its toPayload is no function' },
  { title: 'a payload that is none', code: '() => ({ key: "fax", toPayload: () => {} })', says: 'its toPayload returned no plain object' },
  { title: 'a payload that comes later', code: '() => ({ key: "fax", toPayload: async () => { throw new Error("no fax") } })', says: 'its toPayload returned no plain object' },
  { title: 'a payload that JSON writes as {}', code: '() => ({ key: "fax", toPayload: () => new Map([["room", "a"]]) })', says: 'its toPayload returned no plain object' }
]

t.test('O37: what grant returns is signed only if it is a grant; else the log names the product and the reason', async t => {
  for (const { title, code, says } of grants) {
    const broker = await startBroker({ settings: { PRODUCTS: './fax.mjs' }, files: { 'fax.mjs': pluginText({ grant: code }) } })
    t.has(await ask(broker.url, { as: susan, path: '/token/fax' }), { status: 500, body: { code: 'internal' } }, title)
    t.ok(broker.log().includes(`product fax: grant must return { key, toPayload }: ${says}`), title)
    await broker.close()
  }
})

t.test('the names that these had before still do what they did', async t => {
  for (const [old, now] of [[refuse, forbid], [invalid, badRequest], [permit, resolveFlag]]) t.equal(old, now)
  const ofService = (name: string, fields: string) => pluginText({ name: `'${name}'`, grant: `() => ({ key: 'chat', toPayload: () => ({ by: '${name}' }) }),\n  ${fields}` })
  for (const field of ['yields', 'defersGrant']) {
    const broker = await startBroker({ settings: { PRODUCTS: './a.mjs,./b.mjs' }, files: { 'a.mjs': ofService('a', `${field}: true`), 'b.mjs': ofService('b', `${field}: false`) } })
    t.has(await ask(broker.url, { as: susan, path: '/token' }), { status: 200, body: { products: ['b'] } }, field)
    await broker.close()
  }
})
