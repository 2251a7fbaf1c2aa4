import { test } from 'tap'
import { decide } from '../../src/policy/decide.js'
import type { CommonRequest } from '../../src/products/schemas.js'
import { compile } from '../../src/policy/compile.js'
import { policyReader } from '../../src/policy/file/read.js'
import { chooser, matches, piecesOf } from '../../src/policy/patterns.js'
import { allowAll } from '../../src/policy/policy.js'
import { Problem } from '../../src/problems.js'
import { builtIn } from '../../src/products/load.js'
import { example } from './example.js'

const products = await builtIn()
const read = policyReader({ enabled: products.values() })
const settings = { TWILIO_TWIML_APP_SID: `AP${'0'.repeat(32)}`, TWILIO_SYNC_SERVICE_SID: 'default' }
const ttl = { default: 3600, max: 7200 }

/** What comes out of the broker's own decision: `identity ttl grant`, or the refusal and the property it names. */
async function outcome (text: string, name: string, product: string, { ttl: life, identity, ...request }: CommonRequest & Record<string, unknown> = {}) {
  const { policy, diagnostics } = await read(text, 'policy.yaml')
  if (policy === null) throw new Error(JSON.stringify(diagnostics))
  try {
    const decision = decide({ policy, ttl }, { name, identity: name }, { ttl: life, identity })
    const { grant } = decision.grant({ product: products.get(product)!, settings, request })
    return `${decision.identity} ${decision.ttl} ${JSON.stringify(grant.toPayload())}`
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return [error.code, ...(error.options.errors ?? []).map(({ path }) => path)].join(' ')
  }
}

const rule = (allow: string, more = '') => `rules: [{ who: ["*"], allow: ${allow}${more} }]`
const bothWays = `{"incoming":{"allow":true},"outgoing":{"application_sid":"${settings.TWILIO_TWIML_APP_SID}"}}`

const decisions: Array<[says: string, policy: string, name: string, product: string, asked: CommonRequest & Record<string, unknown>, outcome: string]> = [
  // Three rules: a group, a server that names its users, everybody.
  ['a member of a group gets the room it asks for', example, 'susan', 'video', { room: 'My Room' }, 'susan 3600 {"room":"My Room"}'],
  ['a room that a pattern matches is given', example, 'juan', 'video', { room: 'support-7' }, 'juan 3600 {"room":"support-7"}'],
  ['* also stands for nothing', example, 'juan', 'video', { room: 'support-' }, 'juan 3600 {"room":"support-"}'],
  ['a pattern is for the whole name', example, 'juan', 'video', { room: 'x-support-7' }, 'not-allowed /room'],
  ['case counts', example, 'juan', 'video', { room: 'my room' }, 'not-allowed /room'],
  ['several rooms and none asked for need a choice', example, 'susan', 'video', {}, 'not-allowed /room'],
  ['calls in both directions', example, 'susan', 'voice', {}, `susan 3600 ${bothWays}`],
  ['a product that the rule does not name is refused, though a later rule allows it', example, 'susan', 'conversations', {}, 'not-allowed /conversations'],
  ['more than maxTtl is refused', example, 'susan', 'sync', { ttl: 3601 }, 'not-allowed /ttl'],
  ['a server may name users', example, 'backend', 'video', { identity: 'guest-1', room: 'any' }, 'guest-1 3600 {"room":"any"}'],
  ['a server may not name others', example, 'backend', 'video', { identity: 'susan' }, 'not-allowed /identity'],
  ['a server gets its own name when it names none', example, 'backend', 'video', {}, 'backend 3600 {}'],
  ['everybody else has the one room, filled in', example, 'mallory', 'video', {}, 'mallory 3600 {"room":"lobby"}'],
  ['everybody else has the one room only', example, 'mallory', 'video', { room: 'My Room' }, 'not-allowed /room'],
  ['names are told apart by case', example, 'Susan', 'voice', {}, 'not-allowed /voice'],

  ['no rule refuses', 'rules: [{ who: [susan], allow: { sync: {} } }]', 'juan', 'sync', {}, 'not-allowed'],
  ['{} is all that the product is configured for', rule('{ video: {} }'), 'susan', 'video', { room: 'any' }, 'susan 3600 {"room":"any"}'],
  ['an empty list allows nothing', rule('{ video: { rooms: [] } }'), 'susan', 'video', { room: 'any' }, 'not-allowed /room'],
  ['an empty list leaves nothing to fill in', rule('{ video: { rooms: [] } }'), 'susan', 'video', {}, 'not-allowed /room'],
  ['one pattern is not one room', rule('{ video: { rooms: ["lobby*"] } }'), 'susan', 'video', {}, 'not-allowed /room'],
  ['the same room twice is one', rule('{ video: { rooms: [lobby, lobby] } }'), 'susan', 'video', {}, 'susan 3600 {"room":"lobby"}'],
  ['rooms of {caller} alone', rule('{ video: { rooms: ["{caller}:*"] } }'), 'susan', 'video', { room: 'susan:1' }, 'susan 3600 {"room":"susan:1"}'],
  ['rooms of another caller', rule('{ video: { rooms: ["{caller}:*"] } }'), 'susan', 'video', { room: 'juan:1' }, 'not-allowed /room'],
  ['{caller} is filled in', rule('{ video: { rooms: ["room of {caller}"] } }'), 'susan', 'video', {}, 'susan 3600 {"room":"room of susan"}'],
  ['a room filled in is none that Twilio would not take', rule('{ video: { rooms: ["room of {caller}"] } }'), 'n'.repeat(121), 'video', {}, 'not-allowed /room'],
  ['a room filled in may be as long as Twilio takes', rule('{ video: { rooms: ["room {caller}."] } }'), '🎉'.repeat(121), 'video', {}, `${'🎉'.repeat(121)} 3600 {"room":"room ${'🎉'.repeat(121)}."}`],
  ['{caller} twice in one', rule('{ video: { rooms: ["{caller}+{caller}"] } }'), 'a$&b', 'video', {}, 'a$&b 3600 {"room":"a$&b+a$&b"}'],
  ['a name is no expression', rule('{ video: { rooms: ["{caller}-1"] } }'), 'a.c', 'video', { room: 'abc-1' }, 'not-allowed /room'],
  ['a room is found in another normal form, and given in NFC', rule('{ video: { rooms: ["cafe\\u0301-*"] } }'), 'susan', 'video', { room: 'cafe\u0301-1' }, 'susan 3600 {"room":"caf\u00e9-1"}'],
  ['identities of {caller}', rule('{ sync: {} }', ', identities: ["{caller}-*"]'), 'app', 'sync', { identity: 'app-7' }, 'app-7 3600 {"service_sid":"default"}'],
  ['without identities only the own name', rule('{ sync: {} }'), 'app', 'sync', { identity: 'app' }, 'app 3600 {"service_sid":"default"}'],
  ['without identities no other name', rule('{ sync: {} }'), 'app', 'sync', { identity: 'susan' }, 'not-allowed /identity'],
  ['an identity has to fit the product all the same', rule('{ voice: {} }', ', identities: ["*"]'), 'app', 'voice', { identity: 'app-7' }, 'identity-unsuitable'],
  ['maxTtl may be above the settings\' maximum', rule('{ sync: {} }', ', maxTtl: 86400'), 'app', 'sync', { ttl: 86400 }, 'app 86400 {"service_sid":"default"}'],
  ['maxTtl below the default is what a caller gets', rule('{ sync: {} }', ', maxTtl: 180'), 'app', 'sync', {}, 'app 180 {"service_sid":"default"}'],
  ['without maxTtl the settings\' maximum', rule('{ sync: {} }'), 'app', 'sync', { ttl: 7201 }, 'not-allowed /ttl'],

  ['incoming alone forbids outgoing', rule('{ voice: { incoming: true } }'), 'a', 'voice', {}, 'a 3600 {"incoming":{"allow":true}}'],
  ['incoming alone refuses outgoing', rule('{ voice: { incoming: true } }'), 'a', 'voice', { outgoing: true }, 'not-allowed /outgoing'],
  ['outgoing alone forbids incoming', rule('{ voice: { outgoing: true } }'), 'a', 'voice', { incoming: true }, 'not-allowed /incoming'],
  ['neither direction', rule('{ voice: { incoming: false } }'), 'a', 'voice', {}, 'not-allowed /outgoing'],
  ['a parameter that a pattern matches', rule('{ voice: { outgoing: true, params: { To: ["+1*"] } } }'), 'a', 'voice', { params: { To: '+15' } }, `a 3600 {"outgoing":{"application_sid":"${settings.TWILIO_TWIML_APP_SID}","params":{"To":"+15"}}}`],
  ['a parameter that no pattern matches', rule('{ voice: { outgoing: true, params: { To: ["+1*"] } } }'), 'a', 'voice', { params: { To: '+44' } }, 'not-allowed /params'],
  ['a parameter without a pattern', rule('{ voice: { outgoing: true, params: { To: ["+1*"] } } }'), 'a', 'voice', { params: { From: 'x' } }, 'not-allowed /params'],

  ['the first rule decides, not the best', 'rules: [{ who: ["s*"], allow: {} }, { who: [susan], allow: { sync: {} } }]', 'susan', 'sync', {}, 'not-allowed /sync'],
  ['a name above a pattern', 'rules: [{ who: [susan], allow: { sync: {} } }, { who: ["s*"], allow: {} }]', 'susan', 'sync', {}, 'susan 3600 {"service_sid":"default"}'],
  ['a pattern that matches in the middle', 'rules: [{ who: ["*@example.com"], allow: { sync: {} } }]', 'a@example.com.org', 'sync', {}, 'not-allowed'],
  ['a group is its first rule\'s', 'groups: { g: [a] }\nrules: [{ who: [b], allow: {} }, { who: [group:g], allow: { sync: {} } }, { who: [group:g], allow: {} }]', 'a', 'sync', {}, 'a 3600 {"service_sid":"default"}'],
  ['names in who are in any normal form', 'rules: [{ who: ["andre\\u0301"], allow: { sync: {} } }]', 'andr\u00e9', 'sync', {}, 'andr\u00e9 3600 {"service_sid":"default"}'],
  ['a name that every object has', 'rules: [{ who: [constructor], allow: { sync: {} } }]', 'toString', 'sync', {}, 'not-allowed']
]

for (const [says, policy, name, product, asked, expected] of decisions) {
  test(`decision: ${says}`, async t => {
    t.equal(await outcome(policy, name, product, asked), expected)
  })
}

test('mode: audit lets through what only the policy would refuse, and says what that is', async t => {
  const { policy } = await read(`mode: audit\n${rule('{ video: { rooms: [lobby] } }')}`, 'policy.yaml')
  const decision = decide({ policy: policy!, ttl }, { name: 'susan', identity: 'susan' }, {})
  const { grant } = decision.grant({ product: products.get('video')!, settings, request: { room: 'attic' } })
  t.same(grant.toPayload(), { room: 'attic' })
  t.match(decision.wouldRefuse(), 'room')
})

test('mode: audit grants what would be refused for what the policy leaves of it, and nothing that is refused without a policy', async t => {
  const asked = async (allow: string, product: string, request: object, identity = 'susan') => {
    const { policy } = await read(`mode: audit\n${rule(allow, ', identities: ["*"]')}`, 'policy.yaml')
    const decision = decide({ policy: policy!, ttl }, { name: 'susan', identity: 'susan' }, { identity })
    try {
      return `${JSON.stringify(decision.grant({ product: products.get(product)!, settings, request }).grant.toPayload())} ${decision.wouldRefuse()}`
    } catch (error) {
      return `${(error as Problem).code} ${decision.wouldRefuse()}`
    }
  }
  const out = `"outgoing":{"application_sid":"${settings.TWILIO_TWIML_APP_SID}"`
  for (const [says, result, expected] of [
    ['no direction is left', await asked('{ voice: { incoming: true } }', 'voice', { incoming: false }), `{${out}}} outgoing: a token needs calls in or calls out.`],
    ['params are left without calls', await asked('{ voice: { incoming: true } }', 'voice', { params: { To: 'a' } }), `{"incoming":{"allow":true},${out},"params":{"To":"a"}}} params: go with outgoing calls only.`],
    ['no policy would grant it', await asked('{ voice: { incoming: true } }', 'voice', { incoming: false, outgoing: false }), 'request-invalid undefined'],
    ['the product is not allowed, nor does the identity fit it', await asked('{}', 'voice', {}, 'a-b'), 'identity-unsuitable undefined']
  ] as const) t.equal(result, expected, says)
})

test('without a policy file everybody has everything in its own name', async t => {
  const rule = allowAll.ruleFor({ name: 'susan', identity: 'susan' })!
  t.equal(allowAll.mode, 'enforce')
  t.same(rule.allow('video'), {})
  t.notOk(rule.mayName('juan', { name: 'susan', identity: 'susan' }))
})

test('a rule tells its place, and asks for no product that an object has by nature', async t => {
  const { policy, whereIs } = await read(example, 'policy.yaml')
  const found = policy!.ruleFor({ name: 'backend', identity: 'backend' })!
  t.equal(await whereIs!(found.index!), 'policy.yaml:10:5, rule 2')
  t.equal(found.allow('constructor'), undefined)
  t.equal(found.maxTtl, undefined)
})

test('an entry cannot be changed by the product that it is handed to', async t => {
  const rooms = ['lobby']
  const shared = { rooms, again: { rooms }, nothing: null }
  const policy = compile({ rules: [{ who: ['*'], allow: { video: shared } }] })
  const entry = policy.ruleFor({ name: 'a', identity: 'a' })!.allow('video')
  t.strictSame(entry, shared)
  t.ok(Object.isFrozen(entry))
  t.throws(() => rooms.push('attic'), TypeError)
})

test('a pattern of many stars is answered in the time of a walk along the text', async t => {
  const text = 'a'.repeat(100_000)
  const started = performance.now()
  for (const pattern of [`${'*a'.repeat(20)}*b`, `${'*'.repeat(20)}b*`, `${'a*'.repeat(128)}b`, `*${'aab*'.repeat(50)}`]) {
    t.notOk(matches(piecesOf(pattern), text), pattern.slice(0, 12))
  }
  t.ok(matches(piecesOf('*a'.repeat(20)), text))
  t.ok(performance.now() - started < 1000)
})

test('what stars leave between them is in order and does not overlap', async t => {
  for (const [pattern, text, expected] of [
    ['ab*ba', 'aba', false], ['ab*ba', 'abba', true], ['*a*a*', 'a', false], ['*a*a*', 'aa', true],
    ['a*b*c', 'acb', false], ['a*bc*c', 'abc', false], ['a*bc*c', 'abcc', true], ['**', '', true], ['', '', true], ['', 'a', false]
  ] as const) t.equal(matches(piecesOf(pattern), text), expected, `${pattern} ${text}`)
})

test('a refusal of a name says whether another one would do', async t => {
  const choose = chooser({ name: 'susan', identity: 'susan' })
  for (const [asked, patterns, message] of [
    ['attic', ['lobby'], 'not one that this caller may have'],
    [undefined, ['lobby', 'attic'], 'has to be named: this caller may have some, and not all'],
    [undefined, [], 'none is allowed for this caller']
  ] as const) t.throws(() => choose('room', asked, [...patterns]), { code: 'not-allowed', options: { errors: [{ path: '/room', message }] } })
  t.equal(choose('room', undefined, undefined), undefined)
})

test('a name is literal, even one that looks like a pattern', async t => {
  const choose = chooser({ name: '*{caller}', identity: 'x' })
  const lists = ['{caller}-*']
  t.equal(choose('room', '*{caller}-1', lists), '*{caller}-1')
  t.throws(() => choose('room', 'anybody-1', lists), { code: 'not-allowed' })
  t.equal(choose('room', undefined, ['{caller}']), '*{caller}')
})

test('callers with a bearer token match only what begins with jwt: or jwt-group:', async t => {
  const { policy } = await policyReader({ enabled: products.values(), foldNames: true, storeGroups: true })(`groups:
  support: [juan, "jwt:juan", "jwt:*@support.example"]
rules:
  - { who: ["j*", "jwt*"], allow: {} }
  - { who: ["group:support"], allow: {} }
  - { who: ["jwt:Susan@example.com"], allow: {} }
  - { who: ["jwt-group:staff"], allow: {} }
  - { who: ["jwt:*@example.com"], allow: {} }
  - { who: ["*"], allow: {} }
`, 'policy.yaml')
  const rows: Array<{ name: string, groups?: string[], asTyped?: true, rule: number | null }> = [
    { name: 'jwt:anybody', rule: null },
    { name: 'jwt:juan', rule: 1 },
    { name: 'jwt:eve@support.example', rule: 1 },
    { name: 'jwt:Susan@example.com', rule: 2 },
    { name: 'jwt:susan@example.com', rule: 4 },
    { name: 'jwt:Susan@example.com', groups: ['support'], rule: 2 },
    { name: 'jwt:anybody', groups: ['other', 'staff'], rule: 3 },
    { name: 'jwt:susan@example.com', groups: ['staff'], rule: 3 },
    { name: 'juan', rule: 0 },
    { name: 'kim', groups: ['staff'], rule: 5 },
    { name: 'kim', groups: ['support'], rule: 1 },
    { name: 'KIM', groups: ['support'], asTyped: true, rule: 1 },
    { name: 'JUAN', asTyped: true, rule: 0 },
    { name: 'jwt-kim', rule: 0 },
    { name: 'susan@example.com', rule: 5 }
  ]
  for (const { rule, ...caller } of rows) t.equal(policy!.ruleFor({ identity: 'x', ...caller })?.index ?? null, rule, JSON.stringify(caller))
})

test('{caller} of a caller with a bearer token is its whole name', async t => {
  const { policy } = await read('rules: [{ who: ["jwt:*"], allow: { video: { rooms: ["{caller}/*"] } } }]', 'policy.yaml')
  const decision = decide({ policy: policy!, ttl }, { name: 'jwt:susan', identity: 'susan' }, {})
  const ask = (room: string) => decision.grant({ product: products.get('video')!, settings, request: { room } }).grant.toPayload()
  t.same(ask('jwt:susan/1'), { room: 'jwt:susan/1' })
  t.throws(() => ask('susan/1'), { code: 'not-allowed' })
})
