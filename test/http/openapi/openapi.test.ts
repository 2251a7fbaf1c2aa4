import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import t from 'tap'
import { problems } from '../../../src/problems.js'
import { requestBody } from '../../../src/products/schemas.js'
import { builtIn } from '../../../src/products/load.js'
import { basic, startBroker, susan, type BrokerOptions } from '../../helpers/broker.js'
import { startProvider } from '../../helpers/provider.js'
import { ask, type Ask } from '../../helpers/http.js'

interface JsonSchema {
  description?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
}

interface MediaType {
  schema: JsonSchema
  example?: object
}

interface Operation {
  summary: string
  'x-allowed'?: boolean
  'x-allow'?: object
  security?: object[]
  parameters?: object[]
  requestBody?: { required: boolean, content: { 'application/json': MediaType & { schema: { properties: Record<string, object> } } } }
  responses: Record<string, { description: string, content: Record<string, MediaType> }>
}

interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, object>, schemas: Record<string, JsonSchema> }
  'x-caller': object
  'x-demo'?: boolean
}

const users = { susan: 'secret123', olga: 'secret123' }
const asking = (url: string, more: Ask = {}) => ask(url, { method: 'GET', path: '/openapi.json', as: susan, ...more })

async function read (url: string, as = susan): Promise<Document> {
  const { status, text } = await asking(url, { as })
  if (status !== 200) throw new Error(`${status} ${text}`)
  return JSON.parse(text)
}

async function started (t: { teardown (close: () => Promise<void>): void }, options: BrokerOptions = {}) {
  const broker = await startBroker({ users, ...options })
  t.teardown(broker.close)
  return broker
}

t.test('the description is OpenAPI 3.1, of what is enabled alone', async t => {
  const broker = await started(t)
  const document = await read(broker.url)
  const { valid, errors } = await new Validator().validate({ ...document })
  t.ok(valid, JSON.stringify(errors))
  t.match(document.openapi, /^3\.1\./)
  const products = ['chat', 'conversations', 'sync', 'video', 'voice']
  t.strictSame(Object.keys(document.paths).sort(), ['/healthz', '/metrics', '/openapi.json', '/readyz', '/session', '/token', ...products.map(name => `/token/${name}`)])
  for (const name of products) t.strictSame(Object.keys(document.paths[`/token/${name}`]!).sort(), ['get', 'post'], name)

  const one = await read((await started(t, { settings: { PRODUCTS: 'sync' } })).url)
  t.strictSame(Object.keys(one.paths).filter(path => path.startsWith('/token/')), ['/token/sync'])
})

t.test('the bodies in it are the schemas by which requests are validated', async t => {
  const { paths } = await read((await started(t)).url)
  for (const [name, product] of await builtIn()) {
    const { required, content } = paths[`/token/${name}`]!.post!.requestBody!
    t.strictSame(content['application/json'].schema, JSON.parse(JSON.stringify(requestBody(product.request))), name)
    t.notOk(required, 'a body may be left out')
  }
  t.strictSame(paths['/token']!.post!.security, [{ basic: [] }, { session: [], proof: [] }, {}], 'credentials may stand in the body')
  const { properties } = paths['/token']!.post!.requestBody!.content['application/json'].schema
  t.strictSame(Object.keys(properties).sort(), ['identity', 'password', 'products', 'ttl', 'username'])
  const entries = Object.fromEntries([...await builtIn()].map(([name, product]) => [name, product.entry]))
  t.strictSame(properties.products, JSON.parse(JSON.stringify({ ...properties.products, type: 'object', properties: entries, additionalProperties: { type: 'object', properties: {} } })))
})

/** The properties of a schema and of what is in it, by their path. */
function propertiesOf ({ properties = {}, items }: JsonSchema, path: string): Array<[path: string, schema: JsonSchema]> {
  return [
    ...Object.entries(properties).flatMap(([name, schema]): Array<[string, JsonSchema]> => [[`${path} ${name}`, schema], ...propertiesOf(schema, `${path} ${name}`)]),
    ...items === undefined ? [] : propertiesOf(items, `${path}[]`)
  ]
}

t.test('every property of a body or an answer says what it means', async t => {
  const { paths, components } = await read((await started(t, { settings: { OPERATORS: 'susan' } })).url)
  const schemas = Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations).flatMap(([method, { requestBody, responses }]) => [
    ...Object.values(requestBody?.content ?? {}),
    ...Object.values(responses).flatMap(({ content = {} }) => Object.values(content))
  ].map(({ schema }): [string, JsonSchema] => [`${method} ${path}`, schema])))
  const all = [...schemas, ...Object.entries(components.schemas)].flatMap(([name, schema]) => propertiesOf(schema, name))
  t.ok(all.length > 100)
  t.strictSame(all.filter(([, { description }]) => description === undefined).map(([path]) => path), [])
})

t.test('each body in the examples is taken as it stands, and answers have examples', async t => {
  const broker = await started(t, { settings: { OPERATORS: 'olga' } })
  const { paths, components } = await read(broker.url)
  for (const [path, { post }] of Object.entries(paths).filter(([path]) => path.startsWith('/token'))) {
    const { example } = post!.requestBody!.content['application/json']
    const { status, body } = await ask(broker.url, { as: susan, path, body: example! })
    t.match({ status, body }, { status: 200, body: { expiresIn: 600 } }, `${path} ${JSON.stringify(example)}`)
    t.strictSame(Object.keys(post!.responses[200]!.content['application/json']!.example!), ['token', 'identity', 'expiresIn', 'expiresAt'])
  }
  t.strictSame(paths['/token/video']!.post!.requestBody!.content['application/json'].example, { room: 'My Room', ttl: 600 })
  t.strictSame(paths['/token']!.post!.requestBody!.content['application/json'].example, { ttl: 600, products: { video: { room: 'My Room' }, voice: { outgoing: true, params: { To: 'bob' } } } })
  t.match(paths['/session']!.post!.responses[201]!.content['application/json']!.example, { session: /^ttb_/, expiresIn: 43200 })
  t.strictSame(paths['/readyz']!.get!.responses[503]!.content['application/json']!.example, { ready: false, missing: ['store'], degraded: [] })
  t.equal(paths['/openapi.json']!.get!.responses[200]!.content['application/json']!.example, undefined)
  t.equal(paths['/operator.json']!.get!.responses[200]!.content['application/json']!.example, undefined, 'none is better than half of one')
  t.has(components.schemas.Problem!.properties!.code, { examples: ['credentials-wrong'] })
})

t.test('a third party\'s product is described like the others', async t => {
  const taskrouter = '../../'.repeat(20) + new URL('../../fakes/products/taskrouter.js', import.meta.url).pathname.slice(1)
  const broker = await started(t, { settings: { PRODUCTS: `video, ${taskrouter}`, TWILIO_TASKROUTER_WORKSPACE_SID: `WS${'1'.repeat(32)}` } })
  const document = await read(broker.url)
  const { required, content } = document.paths['/token/taskrouter']!.post!.requestBody!
  t.match(content['application/json'].schema, { properties: { worker: { pattern: /^\^WK/ }, ttl: {} }, required: ['worker'] })
  t.ok(required)
  t.match(document.paths['/token/taskrouter']!.post, { 'x-allowed': true, 'x-allow': undefined }, 'but its entry in the policy is for operators alone')
  t.ok((await new Validator().validate({ ...document })).valid)
})

t.test('it says of each operation whether its reader may ask for it', async t => {
  const policy = (mode: string) => `mode: ${mode}\nrules: [{ who: [susan], allow: { video: {}, sync: {} } }]`
  const allowed = (document: Document) => Object.keys(document.paths).filter(path => document.paths[path]!.post?.['x-allowed'] && path.startsWith('/token/'))
  const settings = { OPERATORS: 'olga', POLICY_FILE: 'policy.yaml' }
  const broker = await started(t, { settings, files: { 'policy.yaml': policy('enforce') } })
  const [forSusan, forOlga] = [await read(broker.url), await read(broker.url, basic('olga', 'secret123'))]
  t.ok((await new Validator().validate({ ...forOlga })).valid)
  t.strictSame(allowed(forSusan), ['/token/sync', '/token/video'])
  t.strictSame(allowed(forOlga), [])
  t.equal(forSusan.paths['/metrics']!.get!['x-allowed'], false)
  t.equal(forOlga.paths['/metrics']!.get!['x-allowed'], true)
  t.has(forOlga.paths['/operator.json']!.get, { 'x-allowed': true, parameters: [{ name: 'after', in: 'query', schema: { pattern: '^[0-9]{1,15}$' } }] })
  t.has(forOlga.paths['/healthz']!.get, { security: { length: 0 }, 'x-allowed': undefined })

  const tried = await started(t, { settings, files: { 'policy.yaml': policy('audit') } })
  t.equal(allowed(await read(tried.url)).length, 5, 'a policy that is tried out refuses nothing')
  t.equal(allowed(await read((await started(t)).url)).length, 5, 'nor does one that there is not')
})

t.test('it says to its reader within which bounds, and to nobody what others may have', async t => {
  const policy = (mode: string) => [
    `mode: ${mode}`,
    'rules:',
    '  - { who: [susan], allow: { video: { rooms: ["{caller}-*", lobby], maxTtl: 600 }, voice: { incoming: true, params: { To: ["+49*"] } } }, identities: ["guest-{caller}-*"], maxTtl: 1800 }',
    '  - { who: [olga], allow: { sync: {} } }'
  ].join('\n')
  const settings = { POLICY_FILE: 'policy.yaml', TOKEN_TTL: '3600', TOKEN_TTL_MAX: '7200' }
  const cases: Array<{ name: string, options: BrokerOptions, as?: string, caller: object, video: object | undefined, voice: object | undefined }> = [
    {
      name: 'a rule',
      options: { settings, files: { 'policy.yaml': policy('enforce') } },
      caller: { name: 'susan', identity: 'susan', ttl: 1800, maxTtl: 1800, identities: ['guest-susan-*'] },
      video: { rooms: ['susan-*', 'lobby'], maxTtl: 600 },
      voice: { incoming: true, params: { To: ['+49*'] } }
    },
    { name: 'another', options: { settings, files: { 'policy.yaml': policy('enforce') } }, as: basic('olga', 'secret123'), caller: { name: 'olga', identity: 'olga', ttl: 3600, maxTtl: 7200, identities: [] }, video: undefined, voice: undefined },
    { name: 'no rule', options: { settings, files: { 'policy.yaml': 'rules: [{ who: [olga], allow: {} }]' } }, caller: { name: 'susan', ttl: 3600, maxTtl: 7200, identities: [] }, video: undefined, voice: undefined },
    { name: 'a rule that is tried out', options: { settings, files: { 'policy.yaml': policy('audit') } }, caller: { name: 'susan', ttl: 1800, maxTtl: 7200, identities: ['*'] }, video: {}, voice: {} },
    { name: 'no policy', options: {}, caller: { name: 'susan', identity: 'susan', ttl: 3600, maxTtl: 3600, identities: [] }, video: {}, voice: {} }
  ]
  for (const { name, options, as, caller, video, voice } of cases) {
    const document = await read((await started(t, options)).url, as)
    t.ok((await new Validator().validate({ ...document })).valid, name)
    t.match(document['x-caller'], caller, name)
    t.strictSame([document.paths['/token/video'], document.paths['/token/voice']].map(path => path!.post!['x-allow']), [video, voice], name)
    t.equal(document['x-demo'], undefined)
  }
  t.equal((await read((await started(t, { demo: true })).url))['x-demo'], true, 'and that its tokens are not real')
})

const isOfBearer = (code: string) => code.startsWith('bearer-') || code === 'keys-unavailable'

t.test('bearer tokens are described where they are on', async t => {
  const provider = await startProvider()
  t.teardown(provider.close)
  const { url } = await started(t, { settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker' } })
  const document = await (await fetch(`${url}/openapi.json`, { headers: { Authorization: provider.bearer() } })).json() as Document
  t.ok((await new Validator().validate({ ...document })).valid)
  const { paths } = document
  t.strictSame(paths['/token/video']!.post!.security, [{ basic: [] }, { session: [], proof: [] }, { bearer: [] }])
  const { responses } = paths['/token/video']!.post!
  for (const [code, { status, detail }] of Object.entries(problems)) if (isOfBearer(code)) t.ok(responses[status]!.description.includes(`${code}: ${detail}`), code)
  t.strictSame(paths['/metrics']!.get!.security, [{ basic: [] }])
})

t.test('every refusal is told with its status and its code', async t => {
  const { paths } = await read((await started(t)).url)
  const { responses } = paths['/token/video']!.post!
  for (const [code, { status, detail }] of Object.entries(problems)) {
    if (['not-found', 'method-not-allowed'].includes(code) || isOfBearer(code)) continue
    t.has(responses[status], { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }, code)
    t.ok(responses[status]!.description.includes(`${code}: ${detail}`), code)
  }
  t.match(paths['/metrics']!.get!.responses, { 200: { content: { 'text/plain': {} } }, 403: {} })
  t.strictSame(Object.keys(paths['/healthz']!.get!.responses), ['200'])
  t.match(paths['/openapi.json']!.get!.responses[503]!.description, /audit-unavailable: /, 'a refusal has its line there too')
})

t.test('sessions are described where there are any', async t => {
  const { paths, components } = await read((await started(t)).url)
  t.strictSame(Object.keys(components.securitySchemes), ['basic', 'session', 'proof'])
  t.strictSame(paths['/session']!.post!.security, [{ basic: [] }, {}])
  t.match(paths['/session']!.post, { responses: { 201: { content: { 'application/json': {} } }, 401: { description: /proof-wrong: / }, 422: {} } })
  t.strictSame(paths['/session']!.delete!.security, [{ session: [], proof: [] }])
  t.match(paths['/session']!.delete, { responses: { 204: { content: undefined }, 401: { description: /session-ended: / } } })
  t.strictSame(paths['/token/video']!.get!.security, [{ basic: [] }, { session: [], proof: [] }])
  t.match(paths['/openapi.json']!.get, { responses: { 401: { description: /session-ended: / } } })

  const without = await started(t, { settings: { SESSION_TTL: '0', OPERATORS: 'olga' } })
  const document = await read(without.url)
  t.ok((await new Validator().validate({ ...document })).valid)
  t.equal(document.paths['/session'], undefined)
  t.strictSame(Object.keys(document.components.securitySchemes), ['basic'])
  t.strictSame(document.paths['/token']!.post!.security, [{ basic: [] }, {}])
  t.notMatch(JSON.stringify(document.paths), /session-ended: /)
  const withBoth = await read((await started(t, { settings: { OPERATORS: 'olga' } })).url)
  t.strictSame(withBoth.paths['/metrics']!.get!.security, [{ basic: [] }], 'a scraper has a password')
  t.notMatch(withBoth.paths['/metrics']!.get!.responses[401]!.description, /session-ended/)
})

t.test('it is for callers alone, behind the guard and the limits of every other request of theirs', async t => {
  const broker = await started(t, { settings: { LOGIN_FAILURES_MAX: '1' } })
  t.has(await asking(broker.url, { as: undefined }), { status: 401, headers: { 'www-authenticate': 'Basic realm="twilio-token-broker", charset="UTF-8", DPoP algs="ES256"' }, body: { code: 'credentials-missing' } })
  t.has(await asking(broker.url, { headers: { Origin: 'https://evil.test' } }), { status: 403, body: { code: 'origin-refused' } })
  t.has(await asking(broker.url, { path: '/openapi.json?password=x' }), { status: 400, body: { code: 'request-invalid' } })
  t.has(await asking(broker.url, { method: 'POST' }), { status: 405, headers: { allow: 'GET' } })
  t.has(await asking(broker.url), { status: 200, headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } })
  t.equal((await asking(broker.url, { as: basic('susan', 'wrong-one') })).status, 401)
  t.has(await asking(broker.url), { status: 429, body: { code: 'login-limited' } })
  t.has((await broker.audit()).at(-1), { event: 'token.refused', code: 'login-limited' })
  const narrow = await started(t, { settings: { RATE_LIMIT_MAX: '1' } })
  await asking(narrow.url, { as: undefined })
  t.has(await asking(narrow.url), { status: 429, body: { code: 'rate-limited' } })
})

t.test('what tells of life and readiness is described as it answers', async t => {
  const broker = await started(t, { settings: { AUDIT_LOG: 'link', OPERATORS: 'olga' }, links: { link: '/dev/full' } })
  // Olga's document is no token, so it needs no line.
  const { paths } = await read(broker.url, basic('olga', 'secret123'))
  const answers = async (path: string, expected: number) => {
    const { status, headers, text } = await asking(broker.url, { path, as: undefined })
    t.equal(status, expected)
    const [[type, { schema }]] = Object.entries(paths[path]!.get!.responses[status]!.content) as [[string, { schema: object }]]
    t.ok(headers['content-type']!.startsWith(type))
    const check = new Ajv().compile({ ...schema, additionalProperties: false })
    t.ok(check(JSON.parse(text)), text)
  }
  await answers('/healthz', 200)
  await answers('/readyz', 200)
  t.equal((await ask(broker.url, { as: susan })).status, 503)
  await answers('/readyz', 503)
})
