import t from 'tap'
import { basic, secrets, startBroker, susan } from '../helpers/broker.js'
import { ask, type Ask } from '../helpers/http.js'
import { open } from '../helpers/token.js'

const users = { susan: 'secret123', backend: 'secret123', visitor: 'secret123', stranger: 'secret123', chooser: 'secret123', namer: 'secret123' }
const rules = `
groups:
  support: [susan]
rules:
  - who: [group:support]
    allow:
      video: { rooms: ["My Room", "{caller}:*"] }
      voice: { outgoing: true, params: { To: ["+1*"] } }
      sync: {}
    maxTtl: 1800
  - who: [backend]
    allow: { video: {}, conversations: {} }
    identities: ["guest-*", "{caller}:*"]
    maxTtl: 7200
  - who: [visitor]
    allow: { video: { rooms: [lobby] } }
  - who: [namer]
    allow: { voice: {}, video: {}, conversations: {} }
    identities: ["x*"]
  - who: [chooser]
    allow: { video: { rooms: [lobby, garden] } }
`
const grants = (token: string) => open(token, secrets.keySecret).claims.grants

/** What the token holds, or what the refusal names. */
type Outcome = { granted: object, refused?: undefined } | { granted?: undefined, refused: { path?: string } }
type Row = { name: string, caller: string, product: string, body?: object } & Outcome

const rows: Row[] = [
  { name: 'a room that is listed', caller: 'susan', product: 'video', body: { room: 'My Room' }, granted: { video: { room: 'My Room' } } },
  { name: 'a room of one\'s own', caller: 'susan', product: 'video', body: { room: 'susan:1' }, granted: { video: { room: 'susan:1' } } },
  { name: 'a room of another', caller: 'susan', product: 'video', body: { room: 'juan:1' }, refused: { path: '/room' } },
  { name: 'no room, where there are several', caller: 'susan', product: 'video', refused: { path: '/room' } },
  { name: 'no room, where there is one', caller: 'visitor', product: 'video', granted: { video: { room: 'lobby' } } },
  {
    name: 'calls out',
    caller: 'susan',
    product: 'voice',
    body: { params: { To: '+15550100' } },
    granted: { voice: { outgoing: { application_sid: secrets.twimlAppSid, params: { To: '+15550100' } } } }
  },
  { name: 'calls in', caller: 'susan', product: 'voice', body: { incoming: true }, refused: { path: '/incoming' } },
  {
    name: 'a param beyond its patterns',
    caller: 'susan',
    product: 'voice',
    body: { params: { To: '+4912345' } },
    refused: { path: '/params' }
  },
  { name: 'a param without patterns', caller: 'susan', product: 'voice', body: { params: { From: 'x' } }, refused: { path: '/params' } },
  { name: 'a product that the rule leaves out', caller: 'susan', product: 'conversations', refused: { path: '/conversations' } },
  { name: 'a ttl beyond the rule\'s', caller: 'susan', product: 'sync', body: { ttl: 1801 }, refused: { path: '/ttl' } },
  { name: 'a ttl beyond the usual that the rule allows', caller: 'backend', product: 'video', body: { ttl: 7200 }, granted: { video: {} } },
  {
    name: 'an identity that the rule lets it name',
    caller: 'backend',
    product: 'video',
    body: { identity: 'guest-1' },
    granted: { identity: 'guest-1' }
  },
  {
    name: 'an identity of its own',
    caller: 'backend',
    product: 'video',
    body: { identity: 'backend:7' },
    granted: { identity: 'backend:7' }
  },
  { name: 'another\'s identity', caller: 'backend', product: 'video', body: { identity: 'susan' }, refused: { path: '/identity' } },
  {
    name: 'an identity, without any in the rule',
    caller: 'susan',
    product: 'sync',
    body: { identity: 'guest-1' },
    refused: { path: '/identity' }
  },
  { name: 'a caller that no rule is for', caller: 'stranger', product: 'video', body: { room: 'lobby' }, refused: {} }
]

t.test('the first rule for a caller decides, and a refusal names the property', async t => {
  const broker = await startBroker({ users, settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': rules } })
  t.teardown(broker.close)
  for (const { name, caller, product, body = {}, granted, refused } of rows) {
    const before = (await broker.audit()).length
    const answer = await ask(broker.url, { as: basic(caller, 'secret123'), path: `/token/${product}`, body })
    t.equal(answer.status, refused ? 403 : 200, name)
    if (refused) t.has(answer.body, { code: 'not-allowed', ...(refused.path && { errors: [refused] }) }, name)
    else t.match(grants(answer.body.token), granted, name)
    const line = refused ? { event: 'token.refused', code: 'not-allowed', caller, products: [product] } : { event: 'token.issued', caller }
    const lines = (await broker.audit()).slice(before)
    t.equal(lines.length, 1, `${name}: one line`)
    t.has(lines[0], line, name)
  }
  t.equal((await ask(broker.url, { as: susan, path: '/token/sync' })).body.expiresIn, 1800, 'the rule\'s maxTtl is also what a caller gets who asks for none')

  const all = await ask(broker.url, { as: susan, path: '/token' })
  t.has(all, { status: 200, body: { products: ['sync', 'voice'] } }, 'what needs a choice, and what is not allowed, is left out')
  const refusal = await ask(broker.url, { as: susan, path: '/token', body: { products: { sync: {}, video: { room: 'x' } } } })
  t.has(refusal, { status: 403, body: { code: 'not-allowed', errors: [{ path: '/products/video/room' }] } }, 'what is named must be granted')
  t.match(refusal.body.detail, /^video: room: /, 'what is named must be granted')
  const reply = await ask(broker.url, { as: susan, path: '/token', body: { products: { sync: {}, chat: {} } } })
  t.has(reply, { status: 403, body: { code: 'not-allowed', errors: [{ path: '/products/chat', message: 'the policy does not allow it' }] } }, 'a product as a whole is said once')
  t.match(reply.body.detail, /^chat: the policy does not allow it\.$/, 'a product as a whole is said once')
  t.has(await ask(broker.url, { as: basic('stranger', 'secret123'), path: '/token' }), { status: 403, body: { code: 'not-allowed' } })
  t.match(await ask(broker.url, { as: basic('chooser', 'secret123'), path: '/token' }), { status: 403, body: { code: 'not-allowed', detail: /Name a product in "products"/ } })
  for (const { product, most } of [{ product: 'voice', most: 121 }, { product: 'video', most: 128 }, { product: 'conversations', most: 256 }]) {
    const named = (length: number) => ask(broker.url, { as: basic('namer', 'secret123'), path: `/token/${product}`, body: { identity: 'x'.repeat(length) } })
    t.equal((await named(most)).status, 200, product)
    for (const length of [most + 1, 1000]) t.has(await named(length), { status: 422, body: { code: 'identity-unsuitable', detail: `identity: ${product} takes at most ${most} characters.` } }, product)
  }
  t.has(await ask(broker.url, { as: susan, path: '/token/sync', body: { identity: 'x'.repeat(257) } }), { status: 403, body: { code: 'not-allowed' } })
})

t.test('mode: audit lets through what only the policy would refuse, and writes it down', async t => {
  const broker = await startBroker({ users, settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': `mode: audit\n${rules}` } })
  t.teardown(broker.close)
  for (const { name, caller, product, body = {}, refused } of rows) {
    const answer = await ask(broker.url, { as: basic(caller, 'secret123'), path: `/token/${product}`, body })
    t.equal(answer.status, 200, name)
    const { wouldRefuse } = (await broker.audit()).at(-1)!
    t.equal(wouldRefuse === undefined, refused === undefined, `${name}: ${wouldRefuse}`)
  }
  t.equal((await ask(broker.url, { as: basic('stranger', 'secret123'), body: { identity: 'guest-1' } })).status, 200, 'no rule at all')
  const others: Array<{ request: Ask, status: number }> = [
    { request: { as: basic('susan', 'wrong-one') }, status: 401 },
    { request: { as: susan, body: { ttl: 86400 } }, status: 403 },
    { request: { as: basic('backend', 'secret123'), path: '/token/voice', body: { identity: 'guest-1' } }, status: 422 },
    { request: { as: susan, path: '/token/voice', body: { incoming: false, outgoing: false } }, status: 400 }
  ]
  for (const { request, status } of others) t.equal((await ask(broker.url, request)).status, status, 'all else stands')
})

t.test('a start with a policy that has mistakes says where they are', async t => {
  const refused = await startBroker({ settings: { POLICY_FILE: 'policy.yaml', PORT: 'x' }, files: { 'policy.yaml': 'rules:\n  - who: [susan]\n    allow: { vide: {} }\n' } })
    .catch((error: unknown) => error)
  t.match(refused, { mistakes: [/^PORT must be/, /^policy\.yaml:3:14 /] })
})
