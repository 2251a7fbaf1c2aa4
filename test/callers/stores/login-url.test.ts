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

type Row = [what: string, status: number, body: string | Buffer, expected: object | null | string]

const answers: Row[] = [
  ['200 with an empty object', 200, '{}', { name: 'susan', identity: 'susan', asTyped: true }],
  ['200 with an identity', 200, '{"identity":"agent 7"}', { name: 'susan', identity: 'agent 7', asTyped: true }],
  ['200 with more than was asked for', 200, '{"identity":"agent 7","email":"s@example.com","__proto__":{"name":"bob"}}', { name: 'susan', identity: 'agent 7', asTyped: true }],
  ['200 with an identity only in a prototype', 200, '{"__proto__":{"identity":"bob"}}', { name: 'susan', identity: 'susan', asTyped: true }],
  ['401', 401, '', null],
  ['403', 403, '{"error":"locked"}', null],
  ['401 with a page that is too long to read', 401, 'x'.repeat(200_000), null],
  ['200 without a body', 200, '', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with a page', 200, '<html>Wrong password</html>', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with null', 200, 'null', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with false', 200, 'false', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with true', 200, 'true', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with a list', 200, '[{"identity":"agent 7"}]', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with half an object', 200, '{"identity":"age', 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with a number for identity', 200, '{"identity":7}', 'LOGIN_URL answered an identity that is no text'],
  ['200 with null for identity', 200, '{"identity":null}', 'LOGIN_URL answered an identity that is no text'],
  ['200 with an empty identity', 200, '{"identity":""}', 'LOGIN_URL answered an identity that is no text'],
  ['200 with a name', 200, '{"name":"Susan"}', { name: 'Susan', identity: 'Susan' }],
  ['200 with a name and an identity', 200, '{"name":"Susan","identity":"agent 7"}', { name: 'Susan', identity: 'agent 7' }],
  ['200 with name and identity in another normal form', 200, '{"name":"Zoe\\u0308","identity":"agent e\\u0301"}', { name: 'Zo\u00eb', identity: 'agent \u00e9' }],
  ['200 with a number for name', 200, '{"name":7}', 'LOGIN_URL answered a name that is no text'],
  ['200 with null for name', 200, '{"name":null}', 'LOGIN_URL answered a name that is no text'],
  ['200 with an empty name', 200, '{"name":""}', 'LOGIN_URL answered a name that no caller can have: a name has 1 to 121 characters'],
  ['200 with a name that is too long', 200, `{"name":"${'x'.repeat(122)}"}`, 'LOGIN_URL answered a name that no caller can have: a name has 1 to 121 characters'],
  ['200 with a bearer token\'s name', 200, '{"name":"jwt:susan"}', 'LOGIN_URL answered a name that no caller can have: a name holds none of : * { }'],
  ['200 with a line break in the name', 200, '{"name":"a\\nb"}', 'LOGIN_URL answered a name that no caller can have: a name holds no control characters'],
  ['200 with half a surrogate pair in the name', 200, '{"name":"a\\ud800"}', 'LOGIN_URL answered a name that no caller can have: a name holds no control characters'],
  ['200 with a blank before the name', 200, '{"name":" Susan"}', 'LOGIN_URL answered a name that no caller can have: a name has no blank at either end'],
  ...['\\u0000', '\\n', '\\r', '\\t', '\\u007f', '\\u0085', '\\u009b', '\\u2028', '\\u2029', '\\ud800', '\\udc00'].map((escape): Row => [
    `200 with ${escape.slice(1)} in the identity`, 200, `{"identity":"agent${escape}7"}`, 'LOGIN_URL answered an identity with a control character, a line break or half a surrogate pair'
  ]),
  ['200 that is not UTF-8', 200, Buffer.from('{"identity":"Zo\u00eb"}', 'latin1'), 'LOGIN_URL answered 200 without a JSON object'],
  ['200 with more than 16 KiB', 200, `{"x":"${'x'.repeat(16_384)}"}`, 'LOGIN_URL answered more than 16384 bytes'],
  ['201', 201, '{}', 'LOGIN_URL answered 201'],
  ['204', 204, '', 'LOGIN_URL answered 204'],
  ['400', 400, '{}', 'LOGIN_URL answered 400'],
  ['404', 404, '{}', 'LOGIN_URL answered 404'],
  ['429', 429, '{}', 'LOGIN_URL answered 429'],
  ['500', 500, '{}', 'LOGIN_URL answered 500'],
  ['503', 503, '{}', 'LOGIN_URL answered 503']
]

for (const [what, status, body, expected] of answers) {
  t.test(`${what} is ${typeof expected === 'string' ? 'an outage' : expected === null ? 'a no' : 'a yes'}`, async t => {
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
