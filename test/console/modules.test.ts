import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ask, basic, bearer } from '../../src/console/api.js'
import { bodyOf, faultOf, fieldsOf, requestFor, requestOf, sharedFieldsOf } from '../../src/console/request-form.js'
import { offersOf, type Allow, type Bounds, type Description, type Schema } from '../../src/console/available-products.js'
import { snippetsFor } from '../../src/console/sdk-snippets.js'
import { curl } from '../../src/console/snippets.js'
import { startBroker, susan } from '../helpers/broker.js'
import { ask as askBroker } from '../helpers/http.js'

const users = { susan: 'secret123', Zoë: 'pä:ß 🔑' }
const broker = await startBroker({ users, settings: { OPERATORS: 'susan', POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': 'rules: [{ who: [susan], allow: { video: {}, voice: {} } }]' } })
t.teardown(broker.close)
const described = async (): Promise<Description> => JSON.parse((await askBroker(broker.url, { method: 'GET', path: '/openapi.json', as: susan })).text)
const credentials = basic('susan', 'secret123')

t.test('only what is enabled and allowed is offered, with the fields of its schema', async t => {
  const { products, shared, operator, bounds, demo } = offersOf(await described())
  t.strictSame(products.map(({ name }) => name), ['video', 'voice'])
  t.strictSame(products.map(({ properties }) => Object.keys(properties)), [['room'], ['incoming', 'outgoing', 'params', 'push']])
  t.strictSame(Object.keys(shared), ['identity', 'ttl'])
  t.equal(operator, true)
  t.has(bounds, { name: 'susan', identity: 'susan', ttl: 3600, maxTtl: 3600, identities: { length: 0 } })
  t.equal(demo, false)
})

t.test('a property becomes the field that fits its schema', t => {
  const cases: Array<{ schema: Schema, kind: string, hint: string, typed: string, value: unknown }> = [
    { schema: { type: 'string', maxLength: 128, description: 'a room' }, kind: 'text', hint: 'a room', typed: 'My Room', value: 'My Room' },
    { schema: { type: 'integer', minimum: 180, maximum: 86400 }, kind: 'number', hint: '180 to 86400', typed: '600', value: 600 },
    { schema: { type: 'number' }, kind: 'number', hint: '', typed: '1.5', value: 1.5 },
    { schema: { type: 'boolean' }, kind: 'choice', hint: '', typed: 'false', value: false },
    { schema: { enum: ['a', 'b'] }, kind: 'choice', hint: '', typed: 'b', value: 'b' },
    { schema: { anyOf: [{ const: 'a' }, { const: 'b' }] }, kind: 'choice', hint: '', typed: 'a', value: 'a' },
    { schema: { anyOf: [{ const: 'a' }, { type: 'string' }] }, kind: 'json', hint: 'as JSON', typed: '"x"', value: 'x' },
    {
      schema: { type: 'object', patternProperties: { '^.*$': { type: 'string' } } },
      kind: 'pairs',
      hint: 'one name=value a line',
      typed: 'To=bob\n\n From = a=b \nX',
      value: { To: 'bob', From: 'a=b', X: '' }
    },
    {
      schema: { type: 'object', patternProperties: { '^.*$': { type: 'object' } } },
      kind: 'json',
      hint: 'as JSON',
      typed: '{"a":{}}',
      value: { a: {} }
    },
    { schema: { type: 'array' }, kind: 'json', hint: 'as JSON', typed: '[1]', value: [1] }
  ]
  for (const { schema, kind, hint, typed, value } of cases) {
    const fields = fieldsOf({ it: schema }, ['it'])
    t.has(fields, [{ name: 'it', kind, hint, required: true }], JSON.stringify(schema))
    t.strictSame(bodyOf(fields, { it: typed }), { it: value })
    t.strictSame(bodyOf(fields, {}), {}, 'what is empty is not asked')
  }
  t.has(fieldsOf({ it: { type: 'boolean' } }), [{ required: false, choices: ['true', 'false'] }])
  t.end()
})

t.test('one product is asked for by its own route, several by that of one token', t => {
  const video = { name: 'video', fields: fieldsOf({ room: { type: 'string' } }), typed: { room: 'My Room' } }
  const sync = { name: 'sync', fields: [], typed: {} }
  t.strictSame(requestFor([video], { ttl: 600 }), { path: 'token/video', body: { room: 'My Room', ttl: 600 } })
  t.strictSame(requestFor([video, sync], { ttl: 600 }), { path: 'token', body: { products: { video: { room: 'My Room' }, sync: {} }, ttl: 600 } })
  const ttl = fieldsOf({ ttl: { type: 'integer' } })
  t.strictSame(requestOf([sync], ttl, { ttl: '600' }), { path: 'token/sync', body: { ttl: 600 } })
  t.equal(requestOf([], ttl, {}), undefined, 'nothing is picked')
  t.equal(requestOf([{ name: 'other', fields: fieldsOf({ list: { type: 'array' } }), typed: { list: '[' } }], ttl, {}), undefined, 'what is no JSON cannot be sent')
  t.end()
})

const given = { base: 'https://tokens.example.com/broker/', path: 'token/video', body: { room: 'Bob\'s "Room"' }, name: 'susan o\'neill' }

t.test('the curl line is what a shell reads it as, and holds no password', t => {
  const script = join(t.testdir(), 'curl')
  writeFileSync(script, '#!/bin/sh\nfor argument; do printf "%s\\n" "$argument"; done\n', { mode: 0o755 })
  const run = (line: string) => execFileSync('sh', ['-c', line.replace(/^curl/, script)], { encoding: 'utf8' }).split('\n').slice(0, -1)
  t.strictSame(run(curl(given)), ['-u', 'susan o\'neill', 'https://tokens.example.com/broker/token/video', '-H', 'Content-Type: application/json', '-d', '{"room":"Bob\'s \\"Room\\""}'])
  t.equal(curl({ ...given, name: 'susan', body: {} }), 'curl -u susan https://tokens.example.com/broker/token/video')
  t.equal(curl({ base: 'http://x/', path: 'healthz', body: {} }), 'curl http://x/healthz')
  t.equal(curl({ base: 'http://x/', path: 'token', body: {}, name: 'a', method: 'POST' }), 'curl -X POST -u a http://x/token')
  t.strictSame(run(`TOKEN=a.b.c; ${curl({ ...given, name: null, body: {} })}`.replace('; curl', `; ${script}`)), ['-H', 'Authorization: Bearer a.b.c', 'https://tokens.example.com/broker/token/video'])
  t.end()
})

t.test('the code for a page is of that SDK, and asks for the same', t => {
  const codes = (path: string, body: Record<string, unknown> = {}) => snippetsFor({ ...given, path, body }).map(({ code }) => code)
  const cases: Array<{ path: string, body?: Record<string, unknown>, lines: string[][] }> = [
    { path: 'token/voice', body: { outgoing: false }, lines: [["import { Device } from '@twilio/voice-sdk'", "const device = new Device(await broker.token('voice', { outgoing: false }))", "broker.keep(device, 'voice', { outgoing: false })", 'device.register()']] },
    { path: 'token/video', lines: [["import { connect } from 'twilio-token-broker/client/video'", "import * as Video from 'twilio-video'", "const room = await connect(broker, Video, { name: 'My Room', tracks: [] })"]] },
    { path: 'token/video', body: { room: 'x', ttl: 600 }, lines: [["const room = await connect(broker, Video, { name: 'My Room', tracks: [] }, { ttl: 600 })"]] },
    { path: 'token/sync', lines: [["import { SyncClient } from 'twilio-sync'", "const client = new SyncClient(await broker.token('sync'))", "broker.keep(client, 'sync')"]] },
    { path: 'token/conversations', lines: [["import { Client } from '@twilio/conversations'", "broker.keep(client, 'conversations')"]] },
    { path: 'token/chat', lines: [["import { Client } from 'twilio-chat'"]] },
    { path: 'token/taskrouter', body: { worker: 'WK1' }, lines: [["const token = await broker.token('taskrouter', { worker: \"WK1\" })"]] },
    { path: 'token/constructor', lines: [["const token = await broker.token('constructor')"]] },
    {
      path: 'token',
      body: { products: { video: { room: 'x' }, sync: {}, 'task-router': {} }, ttl: 600 },
      lines: [
        ['const products = { video: { room: "x" }, sync: {}, "task-router": {} }', "const room = await Video.connect(await broker.token(products, { ttl: 600 }), { name: 'My Room', tracks: [] })"],
        ['const client = new SyncClient(await broker.token(products, { ttl: 600 }))', 'broker.keep(client, products, { ttl: 600 })'],
        ['const token = await broker.token(products, { ttl: 600 })']
      ]
    }
  ]
  for (const { path, body, lines } of cases) {
    const found = codes(path, body)
    t.equal(found.length, lines.length, path)
    for (const [i, expected] of lines.entries()) for (const line of expected) t.ok(found[i]!.split('\n').includes(line), `${line}\n${found[i]}`)
  }
  t.strictSame(snippetsFor({ ...given, path: 'token', body: { products: { voice: {}, video: {} } } }).map(({ title }) => title), ['Voice', 'Video'])
  t.match(codes('token/sync')[0], /^import \{ TokenBroker \} from 'twilio-token-broker\/client'\nimport .*\n\nconst credentials = \(\) => \(\{ username: "susan o'neill", password: prompt\('Password'\) \}\)\nconst broker = new TokenBroker\(\{ url: 'https:\/\/tokens\.example\.com\/broker', credentials \}\)\n/)
  t.match(snippetsFor({ ...given, name: null }, 'a "b": c\'')[0]!.code, "const credentials = () => ({ bearer: prompt('Bearer token') })\n")
  t.match(snippetsFor(given, 'a "b": c\'')[0]!.code, 'name: "a \\"b\\": c\'"')
  t.match(codes('token/taskrouter')[0], /client'\n\nconst credentials/)
  t.end()
})

t.test('a field takes what the caller may really have', t => {
  const room: Schema = { type: 'string', description: 'a room' }
  const flag: Schema = { type: 'boolean' }
  const pairs: Schema = { type: 'object', patternProperties: { '^.*$': { type: 'string' } } }
  const cases: Array<{ what: string, name: string, schema: Schema, allow: Allow, field: object }> = [
    { what: 'any room', name: 'room', schema: room, allow: {}, field: { kind: 'text', required: false, hint: 'a room', placeholder: '' } },
    { what: 'one room, which the broker fills in', name: 'room', schema: room, allow: { rooms: ['lobby'] }, field: { kind: 'choice', required: false, choices: ['lobby'], placeholder: 'lobby', hint: '' } },
    { what: 'some rooms', name: 'room', schema: room, allow: { rooms: ['a', 'b'] }, field: { kind: 'choice', required: true, choices: ['a', 'b'], placeholder: '' } },
    { what: 'rooms by a pattern', name: 'room', schema: room, allow: { rooms: ['support-*', 'lobby'] }, field: { kind: 'text', required: true, placeholder: 'lobby', hint: 'support-* or lobby, where * is any text' } },
    { what: 'rooms by a pattern alone', name: 'room', schema: room, allow: { rooms: ['support-*'] }, field: { placeholder: 'support-1' } },
    { what: 'no room', name: 'room', schema: room, allow: { rooms: [] }, field: { kind: 'choice', choices: [], placeholder: 'none', hint: 'the policy allows none' } },
    { what: 'what the policy says in another form', name: 'room', schema: room, allow: { rooms: [1] }, field: { kind: 'text', required: false, hint: 'a room' } },
    { what: 'both directions', name: 'incoming', schema: flag, allow: {}, field: { choices: ['true', 'false'] } },
    { what: 'the direction that is written', name: 'incoming', schema: flag, allow: { incoming: true }, field: { choices: ['true', 'false'], hint: '' } },
    { what: 'the direction that is not', name: 'incoming', schema: flag, allow: { outgoing: true }, field: { choices: [], placeholder: 'no', hint: 'the policy does not allow it' } },
    { what: 'any parameters', name: 'params', schema: pairs, allow: {}, field: { hint: 'one name=value a line' } },
    { what: 'some parameters', name: 'params', schema: pairs, allow: { params: { To: ['+49*', '+1*'] } }, field: { hint: 'one name=value a line; allowed: To=+49*,+1*' } }
  ]
  for (const { what, name, schema, allow, field } of cases) t.match(fieldsOf({ [name]: schema }, [], allow), [field], what)

  const bounds: Bounds = { name: 'susan', identity: 'susan', ttl: 3600, maxTtl: 7200, identities: [] }
  const shared: Record<string, Schema> = { identity: { type: 'string' }, ttl: { type: 'integer', minimum: 180, maximum: 86400, description: 'seconds' } }
  const own = (more: Partial<Bounds>, products: Allow[] = []) => sharedFieldsOf(shared, { ...bounds, ...more }, products)
  t.strictSame(own({}).map(({ name }) => name), ['ttl'], 'no identity where none may be named')
  t.has(own({}), [{ placeholder: '3600', hint: 'in seconds, 180 to 7200: 3 minutes to 2 hours', schema: { maximum: 7200 } }])
  t.has(own({}, [{}, { maxTtl: 600 }]), [{ placeholder: '600', hint: 'in seconds, 180 to 600: 3 minutes to 10 minutes' }], 'the shortest of the products that are picked')
  t.match(own({ maxTtl: 3600 }), [{ hint: /3 minutes to 1 hour$/ }])
  t.match(own({ maxTtl: 1000 }), [{ hint: /3 minutes to 1000 seconds$/ }])
  t.has(own({ identities: ['guest-*', 'bot'] }), [{ name: 'identity', placeholder: 'susan', hint: 'the name inside the token: your own, or guest-*, bot' }, {}])
  t.match(own({ identities: ['*'] }), [{ hint: /or any other$/ }, {}])
  t.strictSame(sharedFieldsOf({}, bounds, []), [])
  t.end()
})

t.test('what people come for comes first, and what has ended last', t => {
  const post = (name: string) => ({ post: { tags: [name], 'x-allowed': true, responses: {} } })
  const described = { info: { title: '', description: '' }, components: { schemas: {} }, 'x-caller': { name: 'a', identity: 'a', ttl: 1, maxTtl: 1, identities: [] }, 'x-demo': true }
  const { products, shared, operator, demo } = offersOf({ ...described, paths: Object.fromEntries(['chat', 'conversations', 'sync', 'taskrouter', 'video', 'voice'].map(name => [`/token/${name}`, post(name)])) })
  t.strictSame(products.map(({ name }) => name), ['video', 'voice', 'conversations', 'sync', 'taskrouter', 'chat'])
  t.match({ shared, operator, demo }, { shared: {}, operator: false, demo: true })
  t.end()
})

t.test('the broker is asked with credentials in UTF-8, and its words come back', async t => {
  const { fetch } = globalThis
  const asked: Array<[string, RequestInit]> = []
  // Relative to the page; there is none here.
  t.intercept(globalThis, 'fetch', {
    value: (path: string, init: RequestInit) => {
      asked.push([path, init])
      return fetch(new URL(path, broker.url), init)
    }
  })
  t.has(await ask('token/video', credentials, { room: 'My Room' }), { answer: { identity: 'susan' }, refusal: undefined })
  t.match(await ask('openapi.json', basic('Zoë', 'pä:ß 🔑')), { answer: { openapi: /^3/ } })
  t.has(asked, [['token/video', { method: 'POST', credentials: 'omit', redirect: 'error', body: '{"room":"My Room"}' }], ['openapi.json', { method: 'GET', body: undefined }]])
  t.match(await ask('openapi.json', basic('susan', 'wrong')), { refusal: { status: 401, code: 'credentials-wrong', detail: /^Wrong username or password/, requestId: /./, errors: { length: 0 }, retryAfter: undefined } })
  t.has(await ask('token/video', credentials, { ttl: 1 }), { refusal: { status: 400, errors: [{ path: '/ttl' }] } })
  t.has(await ask('token/sync', credentials, {}), { refusal: { status: 403, code: 'not-allowed', errors: [{ path: '/sync' }] } })
})

t.test('what is no answer of the broker is told as such', async t => {
  const cases: Array<[Response | undefined, object]> = [
    [undefined, { code: 'no-answer', status: 0 }],
    [new Response('<html>', { status: 502, headers: { 'Retry-After': '7' } }), { code: 'not-the-broker', status: 502, retryAfter: 7, detail: /502/ }],
    [new Response('<html>'), { code: 'not-the-broker', status: 200 }],
    [new Response('{"code":"x"}', { status: 404 }), { code: 'not-the-broker' }],
    [new Response('{"code":"overloaded","detail":"Wait."}', { status: 503, headers: { 'Retry-After': 'soon' } }), { code: 'overloaded', detail: 'Wait.', retryAfter: undefined, requestId: undefined }]
  ]
  for (const [response, refusal] of cases) {
    t.intercept(globalThis, 'fetch', {
      value: async () => {
        if (response === undefined) throw new TypeError('Failed to fetch')
        return response
      }
    })
    t.match(await ask('x', credentials), { refusal }, JSON.stringify(refusal))
  }
  t.same(basic('a', 'b'), { name: 'a', authorization: 'Basic YTpi' })
  for (const pasted of ['a.b.c', ' a.b.c\n', 'Bearer a.b.c', 'bearer  a.b.c']) t.same(bearer(pasted), { name: null, authorization: 'Bearer a.b.c' })
})

t.test('what the broker says of a property stands at its field, be it of one product or of all', async t => {
  const errors = [{ path: '/ttl', message: 'too long' }, { path: '/products/video/room', message: 'no room' }]
  t.strictSame([faultOf(errors, '', 'ttl'), faultOf(errors, 'video', 'room')], ['too long', 'no room'])
  t.strictSame([faultOf(errors, 'sync', 'room'), faultOf(errors, '', 'room')], [undefined, undefined])
})
