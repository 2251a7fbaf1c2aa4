import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { test } from 'tap'
import { policyReader } from '../../../src/policy/file/read.js'
import { loadPolicy } from '../../../src/policy/file/load.js'
import { policySchema } from '../../../src/policy/file/schema.js'
import { defineProduct, Patterns, Type } from '../../../src/product.js'
import { loadedProduct } from '../../../src/products/define.js'
import { builtIn } from '../../../src/products/load.js'
import { example } from '../example.js'
import { inTexts, readingInTexts } from '../in-texts.js'

const known = [...(await builtIn()).values()]

/** A third party's, with what no sentence is written for. */
const router = loadedProduct(defineProduct({
  name: 'task-router',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({
    workers: Type.Optional(Patterns),
    level: Type.Optional(Type.Integer({ multipleOf: 5 })),
    queues: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
    notes: Type.Optional(Type.Object({}, { additionalProperties: true })),
    pair: Type.Optional(Type.Tuple([Type.Boolean(), Type.Number()]))
  }, { description: 'task routing' }),
  grant: () => ({ key: 'task_router', toPayload: () => ({}) })
}))
const enabled = [...known, router]
const reader = policyReader({ enabled })
const read = readingInTexts(reader)

const patternRule = ': 1 to 256 characters, and no braces but those of {caller}'
const whole = 'stand for nothing there; write its whole name'
const rule = (entry: string) => `rules:\n  - who: [a]\n    allow: ${entry}\n`

const rows: Array<{ name: string, text: string, mistakes: string[] }> = [
  { name: 'an empty file', text: '', mistakes: ['1:1 holds nothing, so nobody could have anything; write rules'] },
  { name: 'nothing but a comment', text: '# later\n', mistakes: ['1:1 holds nothing, so nobody could have anything; write rules'] },
  { name: 'a list in place of the policy', text: '[]', mistakes: ['1:1 the policy must be a map'] },
  { name: 'no rules', text: 'groups: {}\n', mistakes: ['1:1 the policy needs rules'] },
  {
    name: 'rules without a value',
    text: 'mode: audit\nrules:\n',
    mistakes: ['2:1 rules must be a list: the first rule whose who matches a caller decides; without a match, nothing is allowed']
  },
  {
    name: 'an empty list of rules',
    text: 'rules: []\n',
    mistakes: ['1:8 rules must not be empty: the first rule whose who matches a caller decides; without a match, nothing is allowed']
  },
  {
    name: 'a rule that is missing',
    text: 'rules:\n  -\n',
    mistakes: ['2:3 rule 1 must be a map: the first rule whose who matches a caller decides']
  },
  {
    name: 'a misspelt property at the top',
    text: 'modes: audit\nrules:\n  - { who: [a], allow: {} }\n',
    mistakes: ['1:1 modes is not a property of the policy; did you mean mode?']
  },
  {
    name: 'a misspelt property of a rule',
    text: 'rules:\n  - who: [a]\n    alow: {}\n',
    mistakes: ['2:5 rule 1 needs allow', '3:5 alow is not a property of rule 1; did you mean allow?']
  },
  {
    name: 'a property that means nothing',
    text: 'rules:\n  - { who: [a], allow: {}, zzzzzz: 1 }\n',
    mistakes: ['2:28 zzzzzz is not a property of rule 1; known here: who, allow, maxTtl, identities']
  },
  {
    name: 'a property without a value',
    text: 'rules: [{ who: [a], allow }]',
    mistakes: ['1:21 allow must be a map: products; what is not named is not allowed']
  },
  {
    name: 'a mode that does not exist',
    text: 'mode: adit\nrules: [{ who: [a], allow: {} }]\n',
    mistakes: ['1:7 mode must be enforce or audit']
  },
  {
    name: 'who that is no list',
    text: 'rules: [{ who: a, allow: {} }]',
    mistakes: ['1:16 who must be a list: callers\' names, in which * stands for any run of characters, and groups, as group:NAME']
  },
  {
    name: 'nobody in who',
    text: 'rules: [{ who: [], allow: {} }]',
    mistakes: ['1:16 who must not be empty: callers\' names, in which * stands for any run of characters, and groups, as group:NAME']
  },
  {
    name: 'a group that does not exist',
    text: 'groups: { support: [a] }\nrules: [{ who: [group:suport], allow: {} }]',
    mistakes: ['2:17 suport is not a group; did you mean support?']
  },
  {
    name: 'a group where there are none',
    text: 'rules: [{ who: [group:toString], allow: {} }]',
    mistakes: ['1:17 toString is not a group; there are none']
  },
  {
    name: 'a group unlike any of many',
    text: `groups: { ${Array.from({ length: 12 }, (_, i) => `g${i}: []`).join(', ')} }\nrules: [{ who: [group:x], allow: {} }]`,
    mistakes: ['2:17 x is not a group; known here: g0, g1, g2, g3, g4, g5, g6, g7, g8, g9 and 2 more']
  },
  {
    name: 'a group written as a map',
    text: 'rules: [{ who: [group: a], allow: {} }]',
    mistakes: ['1:17 an entry of who must be text; put it in quotes']
  },
  {
    name: '{caller} in who',
    text: 'rules: [{ who: ["{caller}"], allow: {} }]',
    mistakes: ['1:17 {caller} stands for a name in rooms and identities; who needs the name itself, or *']
  },
  {
    name: 'no caller can be called what who says',
    text: 'rules: [{ who: ["a:b", " *"], allow: {} }]',
    mistakes: [
      '1:17 "a:b" is not a caller\'s name: a name holds none of : * { }; a group is written as group:NAME',
      '1:24 " *" is not a caller\'s name: a name has no blank at either end; a group is written as group:NAME'
    ]
  },
  {
    name: 'a number as a name',
    text: 'rules: [{ who: [007], allow: {} }]',
    mistakes: ['1:17 an entry of who must be text; put it in quotes']
  },
  {
    name: 'members that no caller can be called',
    text: 'groups:\n  s: [a, a, "b*", "", 7]\n  "5": x\nrules: [{ who: [a], allow: {} }]',
    mistakes: [
      '2:13 "b*" is not a caller\'s name: a name holds none of : * { }',
      '2:19 "" is not a caller\'s name: a name has 1 to 121 characters',
      '2:23 an entry of s must be text: a caller\'s name; put it in quotes',
      '3:8 an entry of groups must be a list'
    ]
  },
  {
    name: 'a product that does not exist',
    text: rule('{ chats: {}, vidoe: {} }'),
    mistakes: ['3:14 chats is not a product; did you mean chat?', '3:25 vidoe is not a product; did you mean video?']
  },
  {
    name: 'a product that an object has by nature',
    text: rule('{ __proto__: {} }'),
    mistakes: ['3:14 __proto__ is not a product; known here: chat, conversations, sync, video, voice, task-router']
  },
  {
    name: 'a product without a value',
    text: rule('\n      sync:'),
    mistakes: ['4:7 sync must be a map: what the rule\'s callers may do in sync; {} is all that is configured']
  },
  {
    name: 'what a product does not know',
    text: rule('{ voice: { incomming: true }, sync: { a: 1 } }'),
    mistakes: ['3:23 incomming is not a property of voice; did you mean incoming?', '3:50 a is not a property of sync; known here: maxTtl']
  },
  { name: 'yes in place of true', text: rule('{ voice: { outgoing: yes } }'), mistakes: ['3:33 outgoing must be true or false'] },
  {
    name: 'rooms that are no list',
    text: rule('{ video: { rooms: lobby } }'),
    mistakes: ['3:30 rooms must be a list: names, in which * stands for any run of characters and {caller} for the caller\'s name']
  },
  {
    name: 'a parameter that none can be called',
    text: rule('{ voice: { params: { "a\\nb": [] } } }'),
    mistakes: ['3:33 a\nb is not a property of params; there are none']
  },
  {
    name: 'a room without quotes',
    text: rule('{ video: { rooms: [{caller}] } }'),
    mistakes: [`3:31 an entry of rooms must be text${patternRule}; put it in quotes`]
  },
  {
    name: 'braces that stand for nothing',
    text: rule('{ video: { rooms: ["{user}-*"] }, voice: { params: { To: ["}"] } } }\n    identities: ["{"]'),
    mistakes: [
      `3:31 an entry of rooms cannot be "{user}-*"${patternRule}`,
      `3:70 an entry of To cannot be "}"${patternRule}`,
      `4:18 an entry of identities cannot be "{"${patternRule}`
    ]
  },
  {
    name: 'a maxTtl outside Twilio\'s limits',
    text: rule('{}\n    maxTtl: 100'),
    mistakes: ['4:13 maxTtl must be >= 180: the longest life of a token, 180 to 86400 seconds']
  },
  {
    name: 'a maxTtl that is no number',
    text: rule('{}\n    maxTtl: 1h'),
    mistakes: ['4:13 maxTtl must be a whole number: the longest life of a token, 180 to 86400 seconds']
  },
  {
    name: 'a third party\'s entry, deep inside',
    text: rule('{ task-router: { level: 7, queues: [{ nam: x }], notes: { any: 1 } } }'),
    mistakes: [
      '3:36 level must be multiple of 5',
      '3:48 an entry of queues needs name',
      '3:50 nam is not a property of an entry of queues; did you mean name?'
    ]
  },
  {
    name: 'many at once, in the file\'s order',
    text: 'mode: x\ngroups: { a: b }\nrules:\n  - who: [group:c]\n    allow: { d: {} }\n    maxTtl: 1\n',
    mistakes: [
      '1:7 mode must be enforce or audit',
      '2:14 a must be a list',
      '4:11 c is not a group; known here: a',
      '5:14 d is not a product; known here: chat, conversations, sync, video, voice, task-router',
      '6:13 maxTtl must be >= 180: the longest life of a token, 180 to 86400 seconds'
    ]
  },

  {
    name: 'a star without quotes',
    text: 'rules: [{ who: [*], allow: {} }]',
    mistakes: ['1:17 a name that starts with * needs quotes, as in ["*"]']
  },
  {
    name: 'a pattern without quotes',
    text: 'rules: [{ who: [*-bot], allow: {} }]',
    mistakes: ['1:17 *-bot is an alias of nothing; a name that starts with * needs quotes']
  },
  {
    name: 'a list that does not end',
    text: 'rules: [a\n',
    mistakes: ['2:1 Flow sequence in block collection must be sufficiently indented and end with a ]']
  },
  {
    name: 'braces without quotes',
    text: rule('{ video: { rooms: [{caller}-1] } }'),
    mistakes: ['3:39 Unexpected scalar at node end; a text that holds { or starts with * needs quotes']
  },
  { name: 'a tab', text: 'rules:\n\t- who: [a]\n', mistakes: ['2:1 a tab cannot indent; use blanks'] },
  { name: 'two documents', text: `${rule('{}')}---\n${rule('{}')}`, mistakes: ['4:1 a second document starts here; a policy is one'] },
  {
    name: 'a key twice',
    text: 'rules: [{ who: [a], allow: {}, who: [b] }]\nrules: []\n',
    mistakes: ['1:32 who stands here a second time; keep one', '2:1 rules stands here a second time; keep one']
  },
  {
    name: 'a key that is a list',
    text: '[a]: b\n',
    mistakes: ['1:1 a key must be text; a text that holds { or starts with * needs quotes']
  },
  { name: 'a tag', text: 'rules: !!set {}\n', mistakes: ['1:8 Unresolved tag: tag:yaml.org,2002:set'] },
  {
    name: 'a merge, which YAML 1.2 does not have',
    text: '%YAML 1.1\n---\nrules: [{ <<: { who: [a] }, who: [a], allow: {} }]',
    mistakes: ['3:11 << is not a property of rule 1; known here: who, allow, maxTtl, identities']
  },
  {
    name: 'a mistake behind an alias, once',
    text: 'rules:\n  - { who: [a], allow: { video: &v { room: x } } }\n  - { who: [b], allow: { video: *v } }\n',
    mistakes: ['2:38 room is not a property of video; did you mean rooms?']
  },
  {
    name: 'an alias of the wrong kind, where it stands',
    text: 'groups: &g { s: [a] }\nrules:\n  - { who: *g, allow: {} }\n',
    mistakes: ['3:12 who must be a list: callers\' names, in which * stands for any run of characters, and groups, as group:NAME']
  },

  {
    name: 'names of callers with a bearer token that none can have',
    text: 'groups: { s: ["jwt:a:b", "jwt:"] }\nrules: [{ who: ["jwt:a:b", "jwt: *", "jwt:{caller}", "JWT:a"], allow: {} }]',
    mistakes: [
      '1:15 "jwt:a:b" is not a caller\'s name: a name holds none of : * { }',
      '1:26 "jwt:" is not a caller\'s name: a name has 1 to 121 characters',
      '2:17 "jwt:a:b" is not a caller\'s name: a name holds none of : * { }; a group is written as group:NAME',
      '2:28 "jwt: *" is not a caller\'s name: a name has no blank at either end; a group is written as group:NAME',
      '2:38 {caller} stands for a name in rooms and identities; who needs the name itself, or *',
      '2:54 "JWT:a" is not a caller\'s name: a name holds none of : * { }; a group is written as group:NAME'
    ]
  },
  {
    name: 'groups that no identity provider can say',
    text: 'rules: [{ who: ["jwt-group:", "jwt-group:s*", "jwt-group:{caller}"], allow: {} }]',
    mistakes: [
      '1:17 "" cannot be a group of the identity provider: it has 1 to 128 characters, and no control characters',
      `1:31 "s*" cannot be a group of the identity provider: * and {caller} ${whole}`,
      `1:47 "{caller}" cannot be a group of the identity provider: * and {caller} ${whole}`
    ]
  }
]

for (const { name, text, mistakes } of rows) {
  test(`mistake: ${name}`, async t => {
    const reading = await read(text, 'policy.yaml')
    t.same(reading.mistakes, mistakes.map(mistake => `policy.yaml:${mistake}`))
    t.equal(reading.policy, null)
  })
}

test('each mistake and warning is data: of what, of which kind, and where', async t => {
  const off = policyReader({ enabled: known.slice(1), known, foldNames: true })
  const diagnostics = async (text: string) => (await off(text, 'p')).diagnostics
  t.same(await diagnostics('rules: [{ who: [a], allow: {} }]\nmodes: audit\n'), [
    { level: 'mistake', subject: 'p', code: 'unknown', message: 'modes is not a property of the policy; did you mean mode?', position: { line: 2, column: 1 } }
  ])
  const kinds: Array<{ text: string, codes: string[] }> = [
    { text: '', codes: ['missing'] },
    { text: 'rules: [a', codes: ['syntax'] },
    { text: 'a: 1\na: 2', codes: ['syntax'] },
    { text: 'groups: {}', codes: ['missing'] },
    { text: 'rules: 1', codes: ['invalid'] },
    { text: '['.repeat(3000), codes: ['invalid'] },
    { text: 'rules: [{ who: [group:x, "{caller}", "a:b"], allow: {} }]', codes: ['unknown', 'invalid', 'invalid'] },
    { text: 'rules: [{ who: [susan, Susan], allow: { viedo: {} } }]', codes: ['conflict', 'unknown'] },
    { text: 'mode: audit\nrules: [{ who: ["*"], allow: { chat: {} } }, { who: [a], allow: {} }]', codes: ['insecure', 'no-effect', 'no-effect'] }
  ]
  for (const { text, codes } of kinds) t.same((await diagnostics(text)).map(({ code }) => code), codes, text)
})

test('a file of any size or depth is answered', async t => {
  t.same((await read('a'.repeat(4 * 1024 * 1024 + 1), 'p')).mistakes, ['p:1:1 is larger than 4 MiB, which no policy needs'])
  const deep: Array<{ text: string, place: string }> = [
    { text: '['.repeat(3000), place: '1:101' },
    { text: `rules:\n  ${'{a: '.repeat(3000)}`, place: '2:403' },
    { text: `{"rules":${'['.repeat(1500)}${']'.repeat(1500)}}`, place: '1:109' },
    { text: `rules:\n${'- '.repeat(3000)}`, place: '2:1' },
    { text: `${'? '.repeat(3000)}`, place: '1:1' }
  ]
  // Twice: what the first reading may do to the second is not seen in one.
  for (const { text, place } of [...deep, ...deep]) t.same((await read(text, 'p')).mistakes, [`p:${place} nested too deep for a policy`])
  t.not((await read(`rules: ${'[{ who: [a], allow: {} }]'} # ${'[]'.repeat(200)}`, 'p')).policy, null)
})

test('aliases do not unfold without end', async t => {
  const tenfold = (name: string, of: string) => `${name}: &${name} [${Array.from({ length: 10 }, () => of)}]\n`
  const bomb = tenfold('a', 'x') + tenfold('b', '*a') + tenfold('c', '*b') + tenfold('d', '*c') + tenfold('e', '*d') + tenfold('f', '*e')
  t.same((await read(bomb, 'p')).mistakes, ['p:1:1 aliases are used too often; write a group, or the lists themselves'])
  t.same((await read('groups: &g { a: [*g] }\nrules: &r [*r]\n', 'p')).mistakes, [
    'p:1:18 an entry of a must be text: a caller\'s name; put it in quotes',
    'p:2:12 rule 1 must be a map: the first rule whose who matches a caller decides'
  ])
})

test('aliases, JSON, CRLF and a byte order mark are taken', async t => {
  for (const text of [
    'rules:\n  - { who: [a], allow: { video: &v { rooms: [lobby] } } }\n  - { who: [b], allow: { video: *v } }\n',
    JSON.stringify({ rules: [{ who: ['b'], allow: { video: { rooms: ['lobby'] } } }] }),
    '\uFEFFrules:\r\n  - who: [b]\r\n    allow: { video: { rooms: [lobby] } }\r\n'
  ]) {
    const { policy, mistakes, warnings } = await read(text, 'policy.yaml')
    t.same([mistakes, warnings], [[], []])
    t.same(policy?.ruleFor({ name: 'b', identity: 'b' })?.allow('video'), { rooms: ['lobby'] })
  }
  t.match((await read('\uFEFFrules: 1', 'p')).mistakes, [/^p:1:8 /])
})

test('warnings: what may be meant as it is', async t => {
  const off = readingInTexts(policyReader({ enabled: known.slice(1), known }))
  const { policy, mistakes, warnings } = await off(`mode: audit
groups: { s: [juan], nobody: [] }
rules:
  - who: [susan, group:s]
    allow: { chat: {}, sync: {} }
  - who: [juan, group:s]
    allow: {}
  - who: [group:nobody]
    allow: {}
  - who: ["***"]
    allow: {}
  - who: [erin, "e*"]
    allow: {}
`, 'policy.yaml')
  t.same(mistakes, [])
  t.equal(policy?.mode, 'audit')
  t.same(warnings, [
    'policy.yaml:1:7 nothing is refused by this policy yet: mode is audit',
    'policy.yaml:5:14 chat is not enabled, so this has no effect',
    'policy.yaml:6:5 rule 2 never decides: rules above it take everybody it names',
    'policy.yaml:8:5 rule 3 never decides: rules above it take everybody it names',
    'policy.yaml:12:5 rule 5 never decides: rules above it take everybody it names'
  ])
})

test('where the store answers groups, who may name some that the file does not have', async t => {
  const remote = readingInTexts(policyReader({ enabled: known, foldNames: true, storeGroups: true }))
  const text = 'groups: { s: [Jo, "jwt:jo", "jwt:JO"] }\nrules: [{ who: ["group:support", "group:s", "jwt-group:a", "jwt-group:A"], allow: {} }]'
  t.match(await remote(text, 'p'), { policy: {}, mistakes: { length: 0 }, warnings: { length: 0 } }, 'and names of an identity provider are told apart by case')
  t.has(await read(text, 'p'), { mistakes: ['p:2:17 support is not a group; known here: s'] }, 'callers of a users file have none')
  t.same((await remote('rules: [{ who: ["group:s*"], allow: {} }]', 'p')).mistakes, [`p:1:17 "s*" cannot be a group of the store: * and {caller} ${whole}`])
})

test('a rule is for callers with a bearer token, or for others, and never decides once those it is for are all taken', async t => {
  const remote = readingInTexts(policyReader({ enabled: known, foldNames: true, storeGroups: true }))
  const text = `groups: { s: [juan, "jwt:*@example.com"] }
rules:
  - { who: ["jwt-group:a", "group:a"], allow: {} }
  - { who: ["group:s"], allow: {} }
  - { who: ["*"], allow: {} }
  - { who: [juan, "group:b"], allow: {} }
  - { who: ["jwt:ann", "jwt-group:b"], allow: {} }
  - { who: ["jwt:**"], allow: {} }
  - { who: ["jwt:*x", "jwt-group:c", "group:c"], allow: {} }
`
  t.same((await remote(text, 'p')).warnings, ['p:6:5 rule 4 never decides: rules above it take everybody it names', 'p:9:5 rule 7 never decides: rules above it take everybody it names'])
})

test('an entry of a product that is off keeps its form all the same', async t => {
  const off = readingInTexts(policyReader({ enabled: known.slice(1), known }))
  t.same((await off(rule('{ chat: { rooms: [] } }'), 'p')).mistakes, ['p:3:22 rooms is not a property of chat; known here: maxTtl'])
})

test('the documentation\'s example is right', async t => {
  const { policy, mistakes, warnings } = await read(example, 'policy.yaml')
  t.equal(policy?.mode, 'enforce')
  t.same([mistakes, warnings], [[], []])
})

test('a file may say where its schema is', async t => {
  for (const file of ['{"$schema": "./policy.schema.json", "rules": [{"who": ["a"], "allow": {}}]}', '$schema: ./policy.schema.json\nrules: [{ who: [a], allow: {} }]']) {
    t.match(await read(file, 'p'), { policy: {}, mistakes: { length: 0 }, warnings: { length: 0 } })
  }
})

test('the schema is what editors take: JSON, draft-07, with the products that are enabled', async t => {
  const schema = JSON.parse(JSON.stringify(policySchema([...known.slice(1), router])))
  t.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#')
  const ajv = new Ajv({ strict: true, strictTypes: false, strictTuples: false })
  t.ok(ajv.validateSchema(schema))
  const validate = ajv.compile(schema)
  const entry = (allow: object) => ({ rules: [{ who: ['a'], allow }] })
  t.ok(validate(entry({ 'task-router': { workers: ['w*'] }, voice: { params: { To: ['+1*'] } } })))
  t.notOk(validate(entry({ chat: {} })), 'off')
  t.notOk(validate(entry({ voice: { params: { To: '+1*' } } })), 'not of voice\'s form')
  const { properties } = schema.properties.rules.items.properties.allow
  t.equal(properties['task-router'].description, 'task routing')
  t.match(properties.video.description, /video/)
})

test('load: a file of any encoding or none', async t => {
  const cwd = t.testdir({ 'policy.yaml': example, 'bad.yaml': 'rules: []\n' })
  await writeFile(join(cwd, 'latin.yaml'), Buffer.from('rules: # caf\xe9\n', 'latin1'))
  await mkdir(join(cwd, 'folder'))
  execFileSync('mkfifo', [join(cwd, 'pipe')])

  t.ok((await loadPolicy('policy.yaml', cwd, reader)).policy)
  t.ok((await loadPolicy(join(cwd, 'policy.yaml'), '/', reader)).policy)
  t.match(inTexts(await loadPolicy('./bad.yaml', cwd, reader)).mistakes, [/^\.\/bad\.yaml:1:8 rules must not be empty/])
  for (const file of ['none.yaml', 'folder', 'pipe']) {
    t.same(inTexts(await loadPolicy(file, cwd, reader)).mistakes, [`${file} cannot be read; check that POLICY_FILE names a file that this user may read`])
  }
  t.same(inTexts(await loadPolicy('latin.yaml', cwd, reader)).mistakes, ['latin.yaml is not UTF-8; save it as UTF-8'])
})

test('what a pattern says to a name is remembered, for as many names as fit', async t => {
  const { policy } = await read('rules: [{ who: ["a*"], allow: {} }, { who: ["b*"], allow: {} }]', 'p')
  const index = (name: string) => policy!.ruleFor({ name, identity: name })?.index
  for (let i = 0; i <= 10_000; i++) policy!.ruleFor({ name: `a${i}`, identity: '' })
  t.equal(index('a1'), 0)
  t.equal(index('a1'), 0)
  t.equal(index('b1'), 1)
  t.equal(index('c1'), undefined)
})
