import { test } from 'tap'
import { decide, type Decision } from '../../src/policy/decide.js'
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

interface Row {
  name: string
  caller?: string
  request?: CommonRequest & Record<string, unknown>
  granted?: object
  /** Whom the token names, where that is not the caller. */
  identity?: string
  ttl?: number
  /** The code, and the property that is named. */
  refused?: string
}

/** A policy of one rule, which is for every caller. */
const rule = (allow: string, more = '') => `rules: [{ who: ["*"], allow: ${allow}${more && `, ${more}`} }]`

/** The grant as the token holds it. */
function payloadOf (decision: Decision, product: string, request: object): object {
  const { grant } = decision.grant({ product: products.get(product)!, settings, request })
  return JSON.parse(JSON.stringify(grant.toPayload()))
}

/** What `ask` returns, or the code of the refusal and the properties that it names. */
function orRefusal<T> (ask: () => T): T | { refused: string } {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { refused: [error.code, ...(error.options.errors ?? []).map(({ path }) => path)].join(' ') }
  }
}

function testDecision (text: string, product: string, { name, caller = 'susan', request = {}, refused, ...token }: Row) {
  test(`decision: ${name}`, async t => {
    const { policy, diagnostics } = await read(text, 'policy.yaml')
    if (policy === null) throw new Error(JSON.stringify(diagnostics))
    const { ttl: life, identity: asked, ...properties } = request
    const outcome = orRefusal(() => {
      const decision = decide({ policy, ttl }, { name: caller, identity: caller }, { ttl: life, identity: asked })
      const granted = payloadOf(decision, product, properties)
      return { identity: decision.identity, ttl: decision.ttl, granted }
    })
    t.strictSame(outcome, refused === undefined ? { identity: caller, ttl: 3600, ...token } : { refused })
  })
}

const outgoing = { application_sid: settings.TWILIO_TWIML_APP_SID }

// Three rules: a group, a server that names its users, everybody.
const ofTheExample: Record<string, Row[]> = {
  video: [
    { name: 'a member of a group gets the room it asks for', caller: 'susan', request: { room: 'My Room' }, granted: { room: 'My Room' } },
    { name: 'a room that a pattern matches is given', caller: 'juan', request: { room: 'support-7' }, granted: { room: 'support-7' } },
    { name: '* also stands for nothing', caller: 'juan', request: { room: 'support-' }, granted: { room: 'support-' } },
    { name: 'a pattern is for the whole name', caller: 'juan', request: { room: 'x-support-7' }, refused: 'not-allowed /room' },
    { name: 'case counts', caller: 'juan', request: { room: 'my room' }, refused: 'not-allowed /room' },
    { name: 'several rooms and none asked for need a choice', caller: 'susan', refused: 'not-allowed /room' },
    {
      name: 'a server may name users',
      caller: 'backend',
      request: { identity: 'guest-1', room: 'any' },
      identity: 'guest-1',
      granted: { room: 'any' }
    },
    { name: 'a server may not name others', caller: 'backend', request: { identity: 'susan' }, refused: 'not-allowed /identity' },
    { name: 'a server gets its own name when it names none', caller: 'backend', granted: {} },
    { name: 'everybody else has the one room, filled in', caller: 'mallory', granted: { room: 'lobby' } },
    { name: 'everybody else has the one room only', caller: 'mallory', request: { room: 'My Room' }, refused: 'not-allowed /room' }
  ],
  voice: [
    { name: 'calls in both directions', caller: 'susan', granted: { incoming: { allow: true }, outgoing } },
    { name: 'names are told apart by case', caller: 'Susan', refused: 'not-allowed /voice' }
  ],
  conversations: [
    {
      name: 'a product that the rule does not name is refused, though a later rule allows it',
      caller: 'susan',
      refused: 'not-allowed /conversations'
    }
  ],
  sync: [
    { name: 'more than maxTtl is refused', caller: 'susan', request: { ttl: 3601 }, refused: 'not-allowed /ttl' }
  ]
}

const ofOneRule: Record<string, Array<Row & { allow?: string, more?: string }>> = {
  video: [
    { name: '{} is all that the product is configured for', request: { room: 'any' }, granted: { room: 'any' } },
    { name: 'an empty list allows nothing', allow: '{ rooms: [] }', request: { room: 'any' }, refused: 'not-allowed /room' },
    { name: 'an empty list leaves nothing to fill in', allow: '{ rooms: [] }', refused: 'not-allowed /room' },
    { name: 'one pattern is not one room', allow: '{ rooms: ["lobby*"] }', refused: 'not-allowed /room' },
    { name: 'the same room twice is one', allow: '{ rooms: [lobby, lobby] }', granted: { room: 'lobby' } },
    { name: 'rooms of {caller} alone', allow: '{ rooms: ["{caller}:*"] }', request: { room: 'susan:1' }, granted: { room: 'susan:1' } },
    { name: 'rooms of another caller', allow: '{ rooms: ["{caller}:*"] }', request: { room: 'juan:1' }, refused: 'not-allowed /room' },
    { name: '{caller} is filled in', allow: '{ rooms: ["room of {caller}"] }', granted: { room: 'room of susan' } },
    {
      name: 'a room filled in is none that Twilio would not take',
      caller: 'n'.repeat(121),
      allow: '{ rooms: ["room of {caller}"] }',
      refused: 'not-allowed /room'
    },
    {
      name: 'a room filled in may be as long as Twilio takes',
      caller: '🎉'.repeat(121),
      allow: '{ rooms: ["room {caller}."] }',
      granted: { room: `room ${'🎉'.repeat(121)}.` }
    },
    { name: '{caller} twice in one', caller: 'a$&b', allow: '{ rooms: ["{caller}+{caller}"] }', granted: { room: 'a$&b+a$&b' } },
    {
      name: 'a name is no expression',
      caller: 'a.c',
      allow: '{ rooms: ["{caller}-1"] }',
      request: { room: 'abc-1' },
      refused: 'not-allowed /room'
    },
    {
      name: 'a room is found in another normal form, and given in NFC',
      allow: '{ rooms: ["cafe\\u0301-*"] }',
      request: { room: 'cafe\u0301-1' },
      granted: { room: 'caf\u00e9-1' }
    }
  ],
  sync: [
    {
      name: 'identities of {caller}',
      caller: 'app',
      more: 'identities: ["{caller}-*"]',
      request: { identity: 'app-7' },
      identity: 'app-7',
      granted: { service_sid: 'default' }
    },
    { name: 'without identities only the own name', caller: 'app', request: { identity: 'app' }, granted: { service_sid: 'default' } },
    { name: 'without identities no other name', caller: 'app', request: { identity: 'susan' }, refused: 'not-allowed /identity' },
    {
      name: 'maxTtl may be above the settings\' maximum',
      more: 'maxTtl: 86400',
      request: { ttl: 86400 },
      ttl: 86400,
      granted: { service_sid: 'default' }
    },
    { name: 'maxTtl below the default is what a caller gets', more: 'maxTtl: 180', ttl: 180, granted: { service_sid: 'default' } },
    { name: 'without maxTtl the settings\' maximum', request: { ttl: 7201 }, refused: 'not-allowed /ttl' }
  ],
  voice: [
    {
      name: 'an identity has to fit the product all the same',
      caller: 'app',
      more: 'identities: ["*"]',
      request: { identity: 'app-7' },
      refused: 'identity-unsuitable'
    },
    { name: 'incoming alone forbids outgoing', allow: '{ incoming: true }', granted: { incoming: { allow: true } } },
    { name: 'incoming alone refuses outgoing', allow: '{ incoming: true }', request: { outgoing: true }, refused: 'not-allowed /outgoing' },
    { name: 'outgoing alone forbids incoming', allow: '{ outgoing: true }', request: { incoming: true }, refused: 'not-allowed /incoming' },
    { name: 'neither direction', allow: '{ incoming: false }', refused: 'not-allowed /outgoing' },
    {
      name: 'a parameter that a pattern matches',
      allow: '{ outgoing: true, params: { To: ["+1*"] } }',
      request: { params: { To: '+15' } },
      granted: { outgoing: { ...outgoing, params: { To: '+15' } } }
    },
    {
      name: 'a parameter that no pattern matches',
      allow: '{ outgoing: true, params: { To: ["+1*"] } }',
      request: { params: { To: '+44' } },
      refused: 'not-allowed /params'
    },
    {
      name: 'a parameter without a pattern',
      allow: '{ outgoing: true, params: { To: ["+1*"] } }',
      request: { params: { From: 'x' } },
      refused: 'not-allowed /params'
    }
  ]
}

const ofNames: Array<Row & { policy: string }> = [
  { name: 'no rule refuses', policy: 'rules: [{ who: [susan], allow: { sync: {} } }]', caller: 'juan', refused: 'not-allowed' },
  {
    name: 'the first rule decides, not the best',
    policy: 'rules: [{ who: ["s*"], allow: {} }, { who: [susan], allow: { sync: {} } }]',
    caller: 'susan',
    refused: 'not-allowed /sync'
  },
  {
    name: 'a name above a pattern',
    policy: 'rules: [{ who: [susan], allow: { sync: {} } }, { who: ["s*"], allow: {} }]',
    caller: 'susan',
    granted: { service_sid: 'default' }
  },
  {
    name: 'a pattern that matches in the middle',
    policy: 'rules: [{ who: ["*@example.com"], allow: { sync: {} } }]',
    caller: 'a@example.com.org',
    refused: 'not-allowed'
  },
  {
    name: 'a group is its first rule\'s',
    policy: 'groups: { g: [a] }\nrules: [{ who: [b], allow: {} }, { who: [group:g], allow: { sync: {} } }, { who: [group:g], allow: {} }]',
    caller: 'a',
    granted: { service_sid: 'default' }
  },
  {
    name: 'names in who are in any normal form',
    policy: 'rules: [{ who: ["andre\\u0301"], allow: { sync: {} } }]',
    caller: 'andr\u00e9',
    granted: { service_sid: 'default' }
  },
  {
    name: 'a name that every object has',
    policy: 'rules: [{ who: [constructor], allow: { sync: {} } }]',
    caller: 'toString',
    refused: 'not-allowed'
  }
]

for (const [product, rows] of Object.entries(ofTheExample)) for (const row of rows) testDecision(example, product, row)
for (const [product, rows] of Object.entries(ofOneRule)) {
  for (const { allow = '{}', more, ...row } of rows) testDecision(rule(`{ ${product}: ${allow} }`, more), product, row)
}
for (const { policy, ...row } of ofNames) testDecision(policy, 'sync', row)

test('mode: audit lets through what only the policy would refuse, and says what that is', async t => {
  const { policy } = await read(`mode: audit\n${rule('{ video: { rooms: [lobby] } }')}`, 'policy.yaml')
  const decision = decide({ policy: policy!, ttl }, { name: 'susan', identity: 'susan' }, {})
  const { grant } = decision.grant({ product: products.get('video')!, settings, request: { room: 'attic' } })
  t.same(grant.toPayload(), { room: 'attic' })
  t.match(decision.wouldRefuse(), 'room')
})

test('mode: audit grants what would be refused for what the policy leaves of it, and nothing that is refused without a policy', async t => {
  const rows: Array<Row & { allow?: string, wouldRefuse?: string }> = [
    {
      name: 'no direction is left',
      request: { incoming: false },
      granted: { outgoing },
      wouldRefuse: 'outgoing: a token needs calls in or calls out.'
    },
    {
      name: 'params are left without calls',
      request: { params: { To: 'a' } },
      granted: { incoming: { allow: true }, outgoing: { ...outgoing, params: { To: 'a' } } },
      wouldRefuse: 'params: go with outgoing calls only.'
    },
    { name: 'no policy would grant it', request: { incoming: false, outgoing: false }, refused: 'request-invalid /outgoing' },
    { name: 'the product is not allowed, nor does the identity fit it', allow: '{}', identity: 'a-b', refused: 'identity-unsuitable' }
  ]
  for (const { name, allow = '{ voice: { incoming: true } }', request = {}, identity = 'susan', wouldRefuse, ...expected } of rows) {
    const { policy } = await read(`mode: audit\n${rule(allow, 'identities: ["*"]')}`, 'policy.yaml')
    const decision = decide({ policy: policy!, ttl }, { name: 'susan', identity: 'susan' }, { identity })
    const outcome = orRefusal(() => ({ granted: payloadOf(decision, 'voice', request) }))
    t.strictSame({ ...outcome, wouldRefuse: decision.wouldRefuse() }, { ...expected, wouldRefuse }, name)
  }
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
  const rows: Array<{ pattern: string, text: string, expected: boolean }> = [
    { pattern: 'ab*ba', text: 'aba', expected: false },
    { pattern: 'ab*ba', text: 'abba', expected: true },
    { pattern: '*a*a*', text: 'a', expected: false },
    { pattern: '*a*a*', text: 'aa', expected: true },
    { pattern: 'a*b*c', text: 'acb', expected: false },
    { pattern: 'a*bc*c', text: 'abc', expected: false },
    { pattern: 'a*bc*c', text: 'abcc', expected: true },
    { pattern: '**', text: '', expected: true },
    { pattern: '', text: '', expected: true },
    { pattern: '', text: 'a', expected: false }
  ]
  for (const { pattern, text, expected } of rows) t.equal(matches(piecesOf(pattern), text), expected, `${pattern} ${text}`)
})

test('a refusal of a name says whether another one would do', async t => {
  const choose = chooser({ name: 'susan', identity: 'susan' })
  const rows: Array<{ asked?: string, patterns: string[], message: string }> = [
    { asked: 'attic', patterns: ['lobby'], message: 'the policy does not allow this one' },
    { patterns: ['lobby', 'attic'], message: 'has to be named: the policy allows some, and not all' },
    { patterns: [], message: 'the policy allows none' }
  ]
  for (const { asked, patterns, message } of rows) {
    t.throws(() => choose('room', asked, patterns), { code: 'not-allowed', options: { errors: [{ path: '/room', message }] } })
  }
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
