import t from 'tap'
import { basic, startBroker } from '../../helpers/broker.js'
import { application, token } from '../../helpers/embedded.js'
import { ask } from '../../helpers/http.js'
import { lenientLogin } from '../../helpers/lenient-login.js'

const right = (name: string) => basic(name, 'secret123')
const outage = { status: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'store-unavailable' } }

/** What a store may answer and no token can be made of, each under the name of who signs in. */
const unfit: Record<string, object> = {
  nul: { identity: 'a\0b' },
  'lone half': { identity: 'a\ud800' },
  'line feed': { identity: 'a\nb' },
  'line separator': { identity: 'a\u2028b' },
  escape: { identity: 'a\u001b[31mb' },
  'c1 control': { identity: 'a\u009bb' },
  'number as identity': { identity: 7 },
  'null as identity': { identity: null },
  'list as identity': { identity: ['a'] },
  'name with a nul': { name: 'a\0b' },
  'name of a bearer token': { name: 'jwt:susan' },
  'name that is a pattern': { name: '*' },
  'name that stands for another': { name: '{caller}' },
  'name with a blank': { name: 'susan ' },
  'long name': { name: 'x'.repeat(122) },
  'number as name': { name: 7 },
  'null as name': { name: null },
  'empty name': { name: '' }
}
/** What the log says of them, each once a minute. */
const causes = [
  'an identity with a control character, a line break or half a surrogate pair',
  'an identity that is not a text, or is empty',
  'a name that is not a text',
  'a name that no caller can have: a name holds no control characters',
  'a name that no caller can have: a name holds none of : * { }',
  'a name that no caller can have: a name has no blank at either end',
  'a name that no caller can have: a name has 1 to 121 characters'
]
const names = [...Object.keys(unfit), 'susan']
const everybody = { ...unfit, susan: {} }

t.test('S12: a name or identity that no token can hold is an outage that the log explains, and never a token', async t => {
  const login = await lenientLogin(t, everybody)
  const outside = await startBroker({ settings: { LOGIN_URL: login.url } })
  t.teardown(outside.close)
  const inside = await application({ brokers: [{ authenticate: name => everybody[name as keyof typeof everybody] as object }] })
  t.teardown(inside.close)
  for (const { broker, path, store } of [{ broker: outside, path: '/token/video', store: 'LOGIN_URL' }, { broker: inside, path: token, store: 'authenticate' }]) {
    for (const name of names) {
      const answer = await ask(broker.url, { as: right(name), path })
      t.match(answer, name === 'susan' ? { status: 200 } : outage, `${store}: ${name}`)
      if (name === 'susan') continue
      t.notMatch(answer.text, /jwt:|caller\}|\[31m/, 'nothing of it is repeated')
    }
    for (const cause of causes) t.match(broker.log(), `${store} answered ${cause}`)
    const lines = await broker.audit()
    t.same(lines.filter(({ event }) => event === 'token.issued').map(({ caller }) => caller), ['susan'])
    t.equal(lines.filter(({ code }) => code === 'store-unavailable').length, names.length - 1)
    t.equal((await ask(broker.url, { as: basic('nul', 'wrong-one'), path })).status, store === 'LOGIN_URL' ? 401 : 503)
  }
})

t.test('an identity in another normal form is given in NFC, and is the same identity', async t => {
  const login = await lenientLogin(t, { susan: { name: 'susan', identity: 'Zoe\u0308' }, juan: { name: 'juan', identity: 'Zo\u00eb' } })
  const broker = await startBroker({ settings: { LOGIN_URL: login.url } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: right('susan') }), { status: 200, body: { identity: 'Zo\u00eb' } })
  t.match(await ask(broker.url, { as: right('juan') }), outage)
  t.match(broker.log(), /LOGIN_URL gave a caller the name or identity of another one; if they are one caller/)
})

t.test('S11: one caller who signs in by two names gets tokens by both, with the credentials in the header or the body', async t => {
  const user = { identity: 'user_7' }
  const rows = [
    { what: 'by its identity', answers: { susan: user, 'susan@example.com': user } },
    { what: 'by its name', answers: { susan: { ...user, name: 'susan' }, 'susan@example.com': { ...user, name: 'susan' } } }
  ]
  for (const { what, answers } of rows) {
    const login = await lenientLogin(t, answers)
    const outside = await startBroker({ settings: { LOGIN_URL: login.url } })
    t.teardown(outside.close)
    const inside = await application({ brokers: [{ authenticate: name => answers[name as keyof typeof answers] }] })
    t.teardown(inside.close)
    for (const { url, prefix } of [{ url: outside.url, prefix: '' }, { url: inside.url, prefix: '/twilio' }]) {
      for (const username of ['susan', 'susan@example.com', 'susan']) {
        const expected = { status: 200, body: { identity: 'user_7' } }
        t.has(await ask(url, { path: `${prefix}/token`, body: { username, password: 'secret123' } }), expected, `${what}: ${prefix}/token as ${username}`)
        t.has(await ask(url, { path: `${prefix}/token/video`, as: right(username) }), expected, `${what}: ${prefix}/token/video as ${username}`)
      }
    }
  }
})

t.test('inside an application, names fold as elsewhere, and the name that authenticate answers is the caller', async t => {
  const files = { 'policy.yaml': 'rules:\n  - { who: [susan], allow: { video: { rooms: [lobby] } } }\n  - { who: ["*"], allow: { video: {} } }\n' }
  const settings = { POLICY_FILE: 'policy.yaml', OPERATORS: 'susan' }
  const folds = await application({ brokers: [{ authenticate: () => true, settings }], files })
  t.teardown(folds.close)
  for (const name of ['susan', 'Susan', '\uff33usan']) {
    t.equal((await ask(folds.url, { as: right(name), path: token, body: { room: 'boardroom' } })).status, 403, name)
    t.equal((await ask(folds.url, { as: right(name), method: 'GET', path: '/twilio/metrics' })).status, 200, name)
  }
  t.equal(folds.log().match(/authenticate answers no \\"name/g)?.length, 1)

  const says = await application({ brokers: [{ authenticate: name => ({ name: name.toLowerCase() }), settings }], files })
  t.teardown(says.close)
  t.equal((await ask(says.url, { as: right('SUSAN'), path: token, body: { room: 'boardroom' } })).status, 403)
  t.has(await ask(says.url, { as: right('SUSAN'), path: token }), { status: 200, body: { identity: 'susan' } })
  t.has((await says.audit()).at(-1), { caller: 'susan', identity: 'susan' })
  t.notMatch(says.log(), /answers no \\"name/)

  const twice = { 'policy.yaml': 'rules:\n  - { who: [susan, Susan], allow: {} }\n' }
  await t.rejects(application({ brokers: [{ settings }], files: twice }), /^policy\.yaml:2:20 "Susan" is the same name as "susan": /)
})
