import t from 'tap'
import { basic, secrets, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
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

const cases: Array<[name: string, user: string, product: string, body: object, status: number, expected: object]> = [
  ['a room that is listed', 'susan', 'video', { room: 'My Room' }, 200, { video: { room: 'My Room' } }],
  ['a room of one\'s own', 'susan', 'video', { room: 'susan:1' }, 200, { video: { room: 'susan:1' } }],
  ['a room of another', 'susan', 'video', { room: 'juan:1' }, 403, { path: '/room' }],
  ['no room, where there are several', 'susan', 'video', {}, 403, { path: '/room' }],
  ['no room, where there is one', 'visitor', 'video', {}, 200, { video: { room: 'lobby' } }],
  ['calls out', 'susan', 'voice', { params: { To: '+15550100' } }, 200,
    { voice: { outgoing: { application_sid: secrets.twimlAppSid, params: { To: '+15550100' } } } }],
  ['calls in', 'susan', 'voice', { incoming: true }, 403, { path: '/incoming' }],
  ['a param beyond its patterns', 'susan', 'voice', { params: { To: '+4912345' } }, 403, { path: '/params' }],
  ['a param without patterns', 'susan', 'voice', { params: { From: 'x' } }, 403, { path: '/params' }],
  ['a product that the rule leaves out', 'susan', 'conversations', {}, 403, { path: '/conversations' }],
  ['a ttl beyond the rule\'s', 'susan', 'sync', { ttl: 1801 }, 403, { path: '/ttl' }],
  ['a ttl beyond the usual that the rule allows', 'backend', 'video', { ttl: 7200 }, 200, { video: {} }],
  ['an identity that the rule lets it name', 'backend', 'video', { identity: 'guest-1' }, 200, { identity: 'guest-1' }],
  ['an identity of its own', 'backend', 'video', { identity: 'backend:7' }, 200, { identity: 'backend:7' }],
  ['another\'s identity', 'backend', 'video', { identity: 'susan' }, 403, { path: '/identity' }],
  ['an identity, without any in the rule', 'susan', 'sync', { identity: 'guest-1' }, 403, { path: '/identity' }],
  ['a caller that no rule is for', 'stranger', 'video', { room: 'lobby' }, 403, {}]
]

t.test('the first rule for a caller decides, and a refusal names the property', async t => {
  const broker = await startBroker({ users, settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': rules } })
  t.teardown(broker.close)
  for (const [name, user, product, body, status, expected] of cases) {
    const before = (await broker.audit()).length
    const answer = await ask(broker.url, { as: basic(user, 'secret123'), path: `/token/${product}`, body })
    t.equal(answer.status, status, name)
    if (status === 200) t.match(grants(answer.body.token), expected, name)
    else t.match(answer.body, { code: 'not-allowed', ...('path' in expected && { errors: [expected] }) }, name)
    t.match((await broker.audit()).slice(before), [status === 200 ? { event: 'token.issued', caller: user } : { event: 'token.refused', code: 'not-allowed', caller: user, products: [product] }], `${name}: one line`)
  }
  t.equal((await ask(broker.url, { as: susan, path: '/token/sync' })).body.expiresIn, 1800, 'the rule\'s maxTtl is also what a caller gets who asks for none')

  const all = await ask(broker.url, { as: susan, path: '/token' })
  t.match(all, { status: 200, body: { products: ['sync', 'voice'] } }, 'what needs a choice, and what is not allowed, is left out')
  t.match(await ask(broker.url, { as: susan, path: '/token', body: { products: { sync: {}, video: { room: 'x' } } } }),
    { status: 403, body: { code: 'not-allowed', detail: /^video: room: /, errors: [{ path: '/products/video/room' }] } }, 'what is named must be granted')
  t.match(await ask(broker.url, { as: susan, path: '/token', body: { products: { sync: {}, chat: {} } } }),
    { status: 403, body: { code: 'not-allowed', detail: /^chat: the policy does not allow it\.$/, errors: [{ path: '/products/chat', message: 'the policy does not allow it' }] } }, 'a product as a whole is said once')
  t.match(await ask(broker.url, { as: basic('stranger', 'secret123'), path: '/token' }), { status: 403, body: { code: 'not-allowed' } })
  t.match(await ask(broker.url, { as: basic('chooser', 'secret123'), path: '/token' }), { status: 403, body: { code: 'not-allowed', detail: /Name a product in "products"/ } })
  for (const [product, most] of [['voice', 121], ['video', 128], ['conversations', 256]] as const) {
    const named = (length: number) => ask(broker.url, { as: basic('namer', 'secret123'), path: `/token/${product}`, body: { identity: 'x'.repeat(length) } })
    t.equal((await named(most)).status, 200, product)
    for (const length of [most + 1, 1000]) t.match(await named(length), { status: 422, body: { code: 'identity-unsuitable', detail: `identity: ${product} takes at most ${most} characters.` } }, product)
  }
  t.match(await ask(broker.url, { as: susan, path: '/token/sync', body: { identity: 'x'.repeat(257) } }), { status: 403, body: { code: 'not-allowed' } })
})

t.test('mode: audit lets through what only the policy would refuse, and writes it down', async t => {
  const broker = await startBroker({ users, settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': `mode: audit\n${rules}` } })
  t.teardown(broker.close)
  for (const [name, user, product, body, status] of cases) {
    const answer = await ask(broker.url, { as: basic(user, 'secret123'), path: `/token/${product}`, body })
    t.equal(answer.status, 200, name)
    const { wouldRefuse } = (await broker.audit()).at(-1)!
    t.equal(wouldRefuse === undefined, status === 200, `${name}: ${wouldRefuse}`)
  }
  t.equal((await ask(broker.url, { as: basic('stranger', 'secret123'), body: { identity: 'guest-1' } })).status, 200, 'no rule at all')
  for (const [status, user, request] of [
    [401, 'susan', { as: basic('susan', 'wrong-one') }],
    [403, 'susan', { body: { ttl: 86400 } }],
    [422, 'backend', { path: '/token/voice', body: { identity: 'guest-1' } }],
    [400, 'susan', { path: '/token/voice', body: { incoming: false, outgoing: false } }]
  ] as const) {
    t.equal((await ask(broker.url, { as: basic(user, 'secret123'), ...request })).status, status, 'all else stands')
  }
})

t.test('a start with a policy that has mistakes says where they are', async t => {
  const refused = await startBroker({ settings: { POLICY_FILE: 'policy.yaml', PORT: 'x' }, files: { 'policy.yaml': 'rules:\n  - who: [susan]\n    allow: { vide: {} }\n' } })
    .catch((error: unknown) => error)
  t.match(refused, { mistakes: [/^PORT must be/, /^policy\.yaml:3:14 /] })
})
