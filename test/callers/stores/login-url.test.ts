import type { IncomingHttpHeaders } from 'node:http'
import t, { type Test } from 'tap'
import { textOf } from '../../../src/lib/diagnostic.js'
import { answer, loginServer, yes } from '../../helpers/login-server.js'
import { cause, open } from '../../helpers/login-url.js'

t.test('a login is one POST of name and password in JSON, whatever they hold', async t => {
  const seen: unknown[] = []
  const { verify } = await open(t, (credentials, response, { method, url, headers }) => {
    seen.push({ credentials, method, url, type: headers['content-type'], authorization: headers.authorization })
    answer(response, 200, {})
  })
  const [name, password] = ['zo\u00eb "q" \\ \u{1f511}', 'p:\u2028</script>\'"']
  t.strictSame(await verify(name, password), { name, identity: name, asTyped: true })
  t.same(seen, [{ credentials: { username: name, password }, method: 'POST', url: '/login', type: 'application/json', authorization: undefined }])
})

t.test('a user and password in the URL are the broker\'s own credentials', async t => {
  let headers: IncomingHttpHeaders = {}
  const { verify } = await open(t, (_credentials, response, request) => {
    headers = request.headers
    answer(response, 200, {})
  }, url => url.replace('//', '//broker:c%C3%A4nary%3A@'))
  t.ok(await verify())
  t.equal(headers.authorization, `Basic ${Buffer.from('broker:c\u00e4nary:').toString('base64')}`)
})

interface Row {
  name: string
  status: number
  body: string | Buffer
  /** The caller, nobody, or the cause of an outage. */
  expected: object | null | string
}

const answers: Row[] = [
  { name: '200 with an empty object', status: 200, body: '{}', expected: { name: 'susan', identity: 'susan', asTyped: true } },
  {
    name: '200 with an identity',
    status: 200,
    body: '{"identity":"agent 7"}',
    expected: { name: 'susan', identity: 'agent 7', asTyped: true }
  },
  {
    name: '200 with more than was asked for',
    status: 200,
    body: '{"identity":"agent 7","email":"s@example.com","__proto__":{"name":"bob"}}',
    expected: { name: 'susan', identity: 'agent 7', asTyped: true }
  },
  {
    name: '200 with an identity only in a prototype',
    status: 200,
    body: '{"__proto__":{"identity":"bob"}}',
    expected: { name: 'susan', identity: 'susan', asTyped: true }
  },
  { name: '401', status: 401, body: '', expected: null },
  { name: '403', status: 403, body: '{"error":"locked"}', expected: null },
  { name: '401 with a page that is too long to read', status: 401, body: 'x'.repeat(200_000), expected: null },
  { name: '200 without a body', status: 200, body: '', expected: 'LOGIN_URL answered 200 without a JSON object' },
  { name: '200 with a page', status: 200, body: '<html>Wrong password</html>', expected: 'LOGIN_URL answered 200 without a JSON object' },
  { name: '200 with null', status: 200, body: 'null', expected: 'LOGIN_URL answered 200 without a JSON object' },
  { name: '200 with false', status: 200, body: 'false', expected: 'LOGIN_URL answered 200 without a JSON object' },
  { name: '200 with true', status: 200, body: 'true', expected: 'LOGIN_URL answered 200 without a JSON object' },
  { name: '200 with a list', status: 200, body: '[{"identity":"agent 7"}]', expected: 'LOGIN_URL answered 200 without a JSON object' },
  { name: '200 with half an object', status: 200, body: '{"identity":"age', expected: 'LOGIN_URL answered 200 without a JSON object' },
  {
    name: '200 with a number for identity',
    status: 200,
    body: '{"identity":7}',
    expected: 'LOGIN_URL answered an identity that is not a text, or is empty'
  },
  {
    name: '200 with null for identity',
    status: 200,
    body: '{"identity":null}',
    expected: 'LOGIN_URL answered an identity that is not a text, or is empty'
  },
  { name: '200 with an empty identity', status: 200, body: '{"identity":""}', expected: 'LOGIN_URL answered an identity that is not a text, or is empty' },
  { name: '200 with a name', status: 200, body: '{"name":"Susan"}', expected: { name: 'Susan', identity: 'Susan' } },
  {
    name: '200 with a name and an identity',
    status: 200,
    body: '{"name":"Susan","identity":"agent 7"}',
    expected: { name: 'Susan', identity: 'agent 7' }
  },
  {
    name: '200 with name and identity in another normal form',
    status: 200,
    body: '{"name":"Zoe\\u0308","identity":"agent e\\u0301"}',
    expected: { name: 'Zo\u00eb', identity: 'agent \u00e9' }
  },
  { name: '200 with a number for name', status: 200, body: '{"name":7}', expected: 'LOGIN_URL answered a name that is not a text' },
  { name: '200 with null for name', status: 200, body: '{"name":null}', expected: 'LOGIN_URL answered a name that is not a text' },
  {
    name: '200 with an empty name',
    status: 200,
    body: '{"name":""}',
    expected: 'LOGIN_URL answered a name that no caller can have: a name has 1 to 121 characters'
  },
  {
    name: '200 with a name that is too long',
    status: 200,
    body: `{"name":"${'x'.repeat(122)}"}`,
    expected: 'LOGIN_URL answered a name that no caller can have: a name has 1 to 121 characters'
  },
  {
    name: '200 with a bearer token\'s name',
    status: 200,
    body: '{"name":"jwt:susan"}',
    expected: 'LOGIN_URL answered a name that no caller can have: a name holds none of : * { }'
  },
  {
    name: '200 with a line break in the name',
    status: 200,
    body: '{"name":"a\\nb"}',
    expected: 'LOGIN_URL answered a name that no caller can have: a name holds no control characters'
  },
  {
    name: '200 with half a surrogate pair in the name',
    status: 200,
    body: '{"name":"a\\ud800"}',
    expected: 'LOGIN_URL answered a name that no caller can have: a name holds no control characters'
  },
  {
    name: '200 with a blank before the name',
    status: 200,
    body: '{"name":" Susan"}',
    expected: 'LOGIN_URL answered a name that no caller can have: a name has no blank at either end'
  },
  ...['\\u0000', '\\n', '\\r', '\\t', '\\u007f', '\\u0085', '\\u009b', '\\u2028', '\\u2029', '\\ud800', '\\udc00'].map((escape): Row => ({
    name: `200 with ${escape.slice(1)} in the identity`,
    status: 200,
    body: `{"identity":"agent${escape}7"}`,
    expected: 'LOGIN_URL answered an identity with a control character, a line break or half a surrogate pair'
  })),
  {
    name: '200 that is not UTF-8',
    status: 200,
    body: Buffer.from('{"identity":"Zo\u00eb"}', 'latin1'),
    expected: 'LOGIN_URL answered 200 without a JSON object'
  },
  {
    name: '200 with more than 16 KiB',
    status: 200,
    body: `{"x":"${'x'.repeat(16_384)}"}`,
    expected: 'LOGIN_URL answered more than 16384 bytes'
  },
  { name: '201', status: 201, body: '{}', expected: 'LOGIN_URL answered 201' },
  { name: '204', status: 204, body: '', expected: 'LOGIN_URL answered 204' },
  { name: '400', status: 400, body: '{}', expected: 'LOGIN_URL answered 400' },
  { name: '404', status: 404, body: '{}', expected: 'LOGIN_URL answered 404' },
  { name: '429', status: 429, body: '{}', expected: 'LOGIN_URL answered 429' },
  { name: '500', status: 500, body: '{}', expected: 'LOGIN_URL answered 500' },
  { name: '503', status: 503, body: '{}', expected: 'LOGIN_URL answered 503' }
]

for (const { name, status, body, expected } of answers) {
  t.test(`${name} is ${typeof expected === 'string' ? 'an outage' : expected === null ? 'a no' : 'a yes'}`, async t => {
    const { verify } = await open(t, (_credentials, response) => response.writeHead(status).end(body))
    if (typeof expected === 'string') t.equal(await cause(t, verify()), expected)
    else t.strictSame(await verify(), expected)
  })
}

t.test('a redirect is an outage, and the password does not follow it', async t => {
  const elsewhere = await loginServer(yes)
  t.teardown(elsewhere.close)
  for (const status of [301, 302, 303, 307, 308]) {
    const { verify } = await open(t, (_credentials, response) => response.writeHead(status, { location: elsewhere.url }).end())
    t.equal(await cause(t, verify()), `LOGIN_URL answered ${status}`)
  }
  t.equal(elsewhere.requests, 0)
})

/** A login that answers what stands here, by the name that was typed. */
const answering = (answers: Record<string, object>) => async (t: Test) => open(t, ({ username }, response) => answer(response, 200, answers[username]))

t.test('S2: of two callers with one identity the second does not get in', async t => {
  const rows: Array<Record<string, object>> = [
    // Two names that the login answers are two callers, whatever they are spelt like.
    { susan: { name: 'susan', identity: 'agent 7' }, juan: { name: 'juan', identity: 'agent 7' } },
    { susan: { name: 'susan', identity: 'agent 7' }, juan: { name: 'Susan', identity: 'agent 7' } },
    { susan: { name: 'susan', identity: 'agent 7' }, juan: { identity: 'agent 7' } },
    { susan: { identity: 'agent 7' }, juan: { name: 'juan', identity: 'agent 7' } },
    // An identity that is another caller's name.
    { susan: {}, juan: { identity: 'susan' } },
    { susan: { identity: 'agent 7' }, juan: { identity: 'susan' } },
    { susan: { name: 'susan', identity: 'agent 7' }, juan: { name: 'juan', identity: 'susan' } }
  ]
  for (const answers of rows) {
    const { verify } = await answering(answers)(t)
    t.ok(await verify('susan'))
    t.match(await cause(t, verify('juan')), /^LOGIN_URL gave a caller the name or identity of another one; if they are one caller, let it answer the same "name" for both$/)
    t.ok(await verify('susan'))
  }
})

t.test('one caller who signs in by several names is one, and no clash', async t => {
  const rows: Array<Record<string, object>> = [
    { susan: { identity: 'agent 7' }, 'susan@example.com': { identity: 'agent 7' } },
    { susan: { name: 'susan' }, 'susan@example.com': { name: 'susan' }, SUSAN: { name: 'susan' } },
    { susan: { name: 'susan', identity: 'agent 7' }, 'susan@example.com': { name: 'susan', identity: 'agent 7' } },
    // Another identity from today on, and the first one again.
    { susan: { name: 'susan', identity: 'agent 7' }, 'susan@example.com': { name: 'susan', identity: 'agent 8' } },
    { susan: { identity: 'Susan' }, Susan: {} }
  ]
  for (const answers of rows) {
    const { verify } = await answering(answers)(t)
    for (const name of [...Object.keys(answers), ...Object.keys(answers)]) t.ok(await verify(name), name)
  }
})

t.test('a login that begins to answer names, or ends to, keeps its callers', async t => {
  const answers: Record<string, object> = { susan: { identity: 'agent 7' } }
  const { verify } = await answering(answers)(t)
  t.strictSame(await verify(), { name: 'susan', identity: 'agent 7', asTyped: true })
  answers.susan = { name: 'Susan', identity: 'agent 7' }
  t.strictSame(await verify(), { name: 'Susan', identity: 'agent 7' })
  answers.susan = { identity: 'agent 7' }
  t.strictSame(await verify(), { name: 'susan', identity: 'agent 7', asTyped: true })
})

t.test('a login that answers no name is warned of, at the first yes and once', async t => {
  const { verify, said } = await answering({ susan: { name: 'susan' }, juan: {}, ana: {} })(t)
  t.ok(await verify('susan'))
  t.same(said, [])
  t.ok(await verify('juan'))
  t.ok(await verify('ana'))
  t.match(said, [/^LOGIN_URL answers no "name": names that differ only in case/])
  t.equal(said.length, 1)
})

const checks: Array<[status: number, mistakes: RegExp[]]> = [
  [401, []],
  [403, []],
  [400, []],
  [429, []],
  [200, [/^LOGIN_URL says yes to a name and password that were made up/]],
  [302, [/^LOGIN_URL answers 302 to a POST of JSON, so it is not a login$/]],
  [404, [/^LOGIN_URL answers 404/]],
  [405, [/^LOGIN_URL answers 405/]],
  [415, [/^LOGIN_URL answers 415/]]
]
for (const [status, mistakes] of checks) {
  t.test(`at the start, ${status} to a login that was made up is ${mistakes.length === 0 ? 'right' : 'a mistake'}`, async t => {
    const { store } = await open(t, (_credentials, response) => answer(response, status, {}))
    const found = await store.check()
    t.equal(found.length, mistakes.length)
    t.match(found.map(textOf), mistakes)
    t.equal(store.ready, true)
  })
}

t.test('a remembered login is current, for as long as a minute', async t => {
  const { store } = await open(t, yes)
  t.equal(store.cacheMs, 60_000)
  t.equal(store.isCurrent({ name: 'susan', identity: 'susan' }), true)
})
