import t from 'tap'
import { basic, startBroker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { lenientLogin, spellings } from '../helpers/lenient-login.js'

const right = (name: string) => basic(name, 'secret123')

t.test('S77: 216 guesses in 216 spellings are five guesses', async t => {
  const login = await lenientLogin(t, { susan: {} })
  const broker = await startBroker({ settings: { LOGIN_URL: login.url } })
  t.teardown(broker.close)
  const before = login.requests
  t.equal(new Set(spellings).size, 216)
  const codes = await Promise.all(spellings.map(async (name, i) => (await ask(broker.url, { as: basic(name, `guess-${i}`) })).body.code))
  t.equal(codes.filter(code => code === 'credentials-wrong').length, 5)
  t.equal(codes.filter(code => code === 'login-limited').length, 211)
  t.equal(login.requests - before, 5)
  const callers = (await broker.audit()).map(({ caller }) => caller)
  t.equal(callers.length, 216)
  t.equal(new Set(callers).size, 1, 'the audit has one keyed hash for all of them')
  for (const { name, same } of [{ name: ' susan ', same: true }, { name: 'su\nsan', same: false }, { name: 'susan'.repeat(100), same: false }]) {
    t.equal((await ask(broker.url, { as: basic(name, 'wrong-one') })).status, 401)
    t.equal((await broker.audit()).at(-1)!.caller === callers[0], same, `${same ? 'also' : 'and another'} for ${JSON.stringify(name.slice(0, 10))}`)
  }
})

t.test('S78: a caller who spells the name anew each time gets no more tokens', async t => {
  const login = await lenientLogin(t, { susan: {}, juan: { name: 'juan' }, ana: { identity: 'user_7' }, 'ana@example.com': { identity: 'user_7' } })
  const callers = [
    { who: 'by its canonical form, where the login answers nothing', names: spellings.slice(0, 5) },
    { who: 'by the name that the login answers', names: ['juan', 'Juan', 'JUAN', '\uff4auan', 'ju\u00e1n'] },
    { who: 'by the identity, where two names have one', names: ['ana', 'ana@example.com', 'Ana', 'ANA@example.com', '\u00e1na'] }
  ]
  const broker = await startBroker({ settings: { LOGIN_URL: login.url, CALLER_LIMIT_MAX: '3' } })
  t.teardown(broker.close)
  for (const { who, names } of callers) {
    const answers = []
    for (const name of names) answers.push(await ask(broker.url, { as: right(name) }))
    t.same(answers.map(({ status }) => status), [200, 200, 200, 429, 429], who)
    t.equal(answers.at(-1)!.body.code, 'caller-limited')
  }
  t.has((await broker.audit()).filter(({ event }) => event === 'token.issued').map(({ caller }) => caller).slice(3, 6), ['juan', 'juan', 'juan'])
})

const policy = `
rules:
  - who: [susan, "guest-\u00c0*"]
    allow: { video: { rooms: [lobby] } }
  - who: ["*"]
    allow: { video: {} }
`

t.test('S13: a rule for a name is for all its spellings', async t => {
  const login = await lenientLogin(t, { susan: {}, juan: {}, 'guest-a7': {}, '\u200d': {} })
  const broker = await startBroker({ settings: { LOGIN_URL: login.url, POLICY_FILE: 'policy.yaml', OPERATORS: 'Susan,root' }, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)
  for (const name of [...spellings.filter((_, i) => i % 20 === 0), 'Guest-a7', 'GUEST-\uff217']) {
    t.equal((await ask(broker.url, { as: right(name), body: { room: 'boardroom' } })).status, 403, name)
    t.equal((await ask(broker.url, { as: right(name), body: { room: 'lobby' } })).status, 200, name)
  }
  t.equal((await ask(broker.url, { as: right('Juan'), body: { room: 'boardroom' } })).status, 200)
  for (const name of spellings.slice(0, 10)) t.equal((await ask(broker.url, { method: 'GET', path: '/metrics', as: right(name) })).status, 200, 'an operator is one in all spellings')
  t.equal((await ask(broker.url, { method: 'GET', path: '/metrics', as: right('Juan') })).status, 403)
})

t.test('the name that the login answers is who the caller is, to policy, operators and audit', async t => {
  const login = await lenientLogin(t, { susan: { name: 'Susan' }, 's@example.com': { name: 'Susan' }, 'su.san': { name: 'susan' }, juan: { name: 'Juan', identity: 'user_8' } })
  const own = `
rules:
  - who: [Susan]
    allow: { video: { rooms: ["{caller}:*"] } }
    identities: ["{caller}-*"]
`
  const broker = await startBroker({ settings: { LOGIN_URL: login.url, POLICY_FILE: 'policy.yaml', OPERATORS: 'Susan' }, files: { 'policy.yaml': own } })
  t.teardown(broker.close)
  for (const name of ['susan', 'SUSAN', 's@example.com']) {
    t.has(await ask(broker.url, { as: right(name), body: { room: 'Susan:1' } }), { status: 200, body: { identity: 'Susan' } })
    t.has((await broker.audit()).at(-1), { caller: 'Susan', identity: 'Susan' })
    t.has(await ask(broker.url, { as: right(name), body: { room: 'Susan:1', identity: 'Susan-2' } }), { status: 200, body: { identity: 'Susan-2' } })
    t.equal((await ask(broker.url, { as: right(name), body: { room: 'susan:1' } })).status, 403)
    t.equal((await ask(broker.url, { method: 'GET', path: '/metrics', as: right(name) })).status, 200)
    t.match((await ask(broker.url, { method: 'GET', path: '/openapi.json', as: right(name) })).body, { paths: { '/metrics': { get: { 'x-allowed': true } } } })
  }
  for (const name of ['su.san', 'juan']) {
    t.match(await ask(broker.url, { as: right(name), body: { room: 'Susan:1' } }), { status: 403 }, 'another name is another caller, however alike')
    t.equal((await ask(broker.url, { method: 'GET', path: '/metrics', as: right(name) })).status, 403)
    t.match((await ask(broker.url, { method: 'GET', path: '/openapi.json', as: right(name) })).body, { paths: { '/metrics': { get: { 'x-allowed': false } } } })
  }
  t.notMatch(broker.log(), /answers no \\"name/)
})

t.test('S14: names of a policy that are one to the store are mistakes, at the start and in a reload; a users file tells them apart', async t => {
  const login = await lenientLogin(t, { susan: {} })
  const twice = `groups:
  support: [Susan, juan, "Zo\u00eb"]
rules:
  - who: [group:support]
    allow: { video: {} }
  - who: [susan, juan, "s*"]
    allow: {}
  - who: ["S*", Zoe, "\u200b*", "\u0301"]
    allow: {}
`
  const mistakes = [
    /^policy\.yaml:6:11 "susan" is the same name as "Susan": /,
    /^policy\.yaml:8:11 "S\*" is the same name as "s\*": /,
    /^policy\.yaml:8:17 "Zoe" is the same name as "Zo\u00eb": /,
    /^policy\.yaml:8:22 "\u200b\*" is empty without marks and invisible characters/,
    /^policy\.yaml:8:28 "\u0301" is empty without marks and invisible characters/
  ]
  const settings = { LOGIN_URL: login.url, POLICY_FILE: 'policy.yaml' }
  const refused = await startBroker({ settings, files: { 'policy.yaml': twice } }).catch((error: unknown) => error) as { mistakes: string[] }
  t.match(refused.mistakes, mistakes)
  t.equal(refused.mistakes.length, mistakes.length)

  const broker = await startBroker({ settings, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)
  await broker.write('policy.yaml', twice)
  await broker.reload()
  t.match(broker.log(), /settings not taken.*policy\.yaml:6:11/)
  t.equal((await ask(broker.url, { as: right('susan'), body: { room: 'boardroom' } })).status, 403, 'the old policy stays')

  const users = { susan: 'secret123', Zoe: 'secret123' }
  const exact = await startBroker({ users, settings: { POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': twice.replace('allow: {}', 'allow: { sync: {} }') } })
  t.teardown(exact.close)
  t.equal((await ask(exact.url, { as: right('susan') })).status, 403)
  t.equal((await ask(exact.url, { as: right('susan'), path: '/token/sync' })).status, 200)
  t.equal((await ask(exact.url, { as: right('Susan') })).status, 401)
})

t.test('names of a users file that differ in accents have one limit and each its own rule', async t => {
  const rules = 'rules:\n  - { who: [jose], allow: { video: {} } }\n  - { who: ["jos\u00e9"], allow: { sync: {} } }\n'
  const users = { jose: 'secret123', josé: 'secret123' }
  const broker = await startBroker({ users, settings: { POLICY_FILE: 'policy.yaml', CALLER_LIMIT_MAX: '2' }, files: { 'policy.yaml': rules } })
  t.teardown(broker.close)
  t.equal((await ask(broker.url, { as: right('jose') })).status, 200)
  t.equal((await ask(broker.url, { as: right('jos\u00e9') })).status, 403)
  t.equal((await ask(broker.url, { as: right('jos\u00e9'), path: '/token/sync' })).status, 429)
})
