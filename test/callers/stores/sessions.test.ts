import { writeFileSync } from 'node:fs'
import t from 'tap'
import { applicationStore } from '../../../src/callers/stores/authenticate.js'
import { LoginVersions } from '../../../src/callers/stores/login-versions.js'
import { Problem } from '../../../src/problems.js'
import { clock } from '../../helpers/clock.js'
import { answer, type Handler } from '../../helpers/login-server.js'
import { login } from '../../helpers/login.js'
import { cause, open } from '../../helpers/login-url.js'
import { both, juan, open as openFile, susan } from '../../helpers/users-file.js'

t.test('a users file says of sessions what stands in it now', async t => {
  const { path, store } = await openFile(t, both)
  const { sessions } = store
  t.equal(sessions.kind, 'users-file')
  const caller = (await store.verify('susan', 'correct horse', login()))!
  const holder = { login: 'susan', caller }
  t.same(sessions.standingOf(caller), { caller, credential: susan })
  t.same(sessions.find(holder, login()), { caller, credential: susan })
  writeFileSync(path, `susan:${juan}\n`)
  await store.reload()
  t.equal(sessions.standingOf(caller), undefined, 'whoever changed since the password was right has none')
  t.has(sessions.find(holder, login()), { credential: juan })
  writeFileSync(path, `juan:${juan}\n`)
  await store.reload()
  t.equal(sessions.find(holder, login()), null)
})

t.test('an application says nothing of its users between two sign-ins', async t => {
  const { sessions, verify } = applicationStore({ authenticate: () => ({ name: 'Susan' }), log: { info () {}, warn () {} }, cacheMs: 0 })
  const caller = (await verify('susan', 'right', login()))!
  t.equal(sessions.kind, 'authenticate')
  t.same(sessions.standingOf(caller), { caller, credential: '' })
  t.same(sessions.find({ login: 'susan', caller }, login()), { caller, credential: '' })
})

/** What LOGIN_URL is sent and answers, passwords aside. */
function versioned () {
  const endpoint = { now: { version: 'v1' } as object, status: 200, body: undefined as unknown, asked: [] as unknown[] }
  const handler: Handler = (sent, response) => {
    if ('password' in sent) return answer(response, 200, endpoint.now)
    endpoint.asked.push(sent)
    answer(response, endpoint.status, endpoint.body)
  }
  return { endpoint, handler }
}

t.test('LOGIN_URL is asked nothing of sessions where it answers no version', async t => {
  const { endpoint, handler } = versioned()
  for (const now of [{}, { version: null }, { name: 'Susan', identity: 'agent 7' }]) {
    endpoint.now = now
    const { store: { sessions }, verify } = await open(t, handler)
    const caller = (await verify())!
    t.same(sessions.standingOf(caller), { caller, credential: '', version: undefined })
    t.same(await sessions.find({ login: 'susan', caller, version: undefined }, login()), { caller, credential: '', version: undefined })
  }
  t.same(endpoint.asked, [])
})

t.test('LOGIN_URL is asked for a version once a minute, and the sign-in counts', async t => {
  const { now, pass } = clock()
  const asked: string[] = []
  const sessions = new LoginVersions(async (...[username, version]) => asked.push(`${username} ${version}`), now)
  const caller = { name: 'susan', identity: 'susan' }
  sessions.signedIn('susan', caller, 'v1', sessions.asking())
  const holder = { login: 'susan', caller, version: 'v1' }
  for (let use = 0; use < 5; use++) t.same(await sessions.find(holder, login()), { caller, credential: '', version: 'v1' })
  t.same(asked, [])
  pass(60_001)
  for (let use = 0; use < 5; use++) t.same(await sessions.find(holder, login()), { caller, credential: '', version: 'v1' })
  t.same(asked, ['susan v1'])
  await sessions.find({ ...holder, version: 'v2' }, login())
  t.same(asked, ['susan v1', 'susan v2'], 'of another version apart')
})

const caller = { name: 'Susan', identity: 'agent 7' }
const answers: Array<{ what: string, status?: number, body?: unknown, found: 'standing' | 'ended' | string }> = [
  { what: '200 without a body', found: 'standing' },
  { what: '200 with an empty object', body: {}, found: 'standing' },
  { what: '200 with all as it was', body: { name: 'Susan', identity: 'agent 7', version: 'v1' }, found: 'standing' },
  { what: '200 with nulls', body: { name: null, identity: null, version: null }, found: 'standing' },
  { what: '200 with another version', body: { version: 'v2' }, found: 'ended' },
  { what: '200 with another identity', body: { identity: 'agent 8' }, found: 'ended' },
  { what: '200 with another name', body: { name: 'susan' }, found: 'ended' },
  { what: '200 with a name that is no text', body: { name: 7 }, found: 'ended' },
  { what: '401', status: 401, found: 'ended' },
  { what: '403', status: 403, found: 'ended' },
  { what: '302', status: 302, found: 'LOGIN_URL answered 302' },
  { what: '404', status: 404, found: 'LOGIN_URL answered 404' },
  { what: '500', status: 500, found: 'LOGIN_URL answered 500' }
]

for (const { what, status = 200, body, found } of answers) {
  t.test(`a version that LOGIN_URL answers by ${what} is ${/^LOGIN/.test(found) ? 'an outage' : found}`, async t => {
    const { endpoint, handler } = versioned()
    Object.assign(endpoint, { status, body })
    const { store: { sessions } } = await open(t, handler)
    const finding = Promise.resolve(sessions.find({ login: 'susan', caller, version: 'v1' }, login()))
    if (/^LOGIN/.test(found)) t.equal(await cause(t, finding), found)
    else t.same(await finding, found === 'ended' ? 'ended' : { caller, credential: '', version: 'v1' })
    t.same(endpoint.asked, [{ username: 'susan', version: 'v1' }])
  })
}

t.test('a name that LOGIN_URL answers later is no change of a name that it did not answer', async t => {
  const { endpoint, handler } = versioned()
  endpoint.body = { name: 'Susan' }
  const { store: { sessions } } = await open(t, handler)
  t.has(await sessions.find({ login: 'susan', caller: { name: 'susan', identity: 'susan', asTyped: true }, version: 'v1' }, login()), { version: 'v1' })
})

const versions: Array<{ what: string, version: unknown, isTaken: boolean }> = [
  { what: 'text', version: '7', isTaken: true },
  { what: 'no character', version: '', isTaken: true },
  { what: '128 bytes', version: '\u00eb'.repeat(64), isTaken: true },
  { what: '129 bytes', version: `x${'\u00eb'.repeat(64)}`, isTaken: false },
  { what: 'a number', version: 7, isTaken: false },
  { what: 'an object', version: {}, isTaken: false },
  { what: 'a NUL', version: 'a\0b', isTaken: false },
  { what: 'half a surrogate pair', version: '\ud800', isTaken: false }
]

for (const { what, version, isTaken } of versions) {
  t.test(`a version of ${what} is ${isTaken ? 'kept' : 'an outage'}`, async t => {
    const sessions = new LoginVersions(async () => true)
    try {
      t.equal(sessions.signedIn('susan', caller, version, sessions.asking()), caller)
      t.same(sessions.standingOf(caller), { caller, credential: '', version })
      t.ok(isTaken)
    } catch (error) {
      t.notOk(isTaken)
      t.ok(error instanceof Problem)
      t.match(error, { code: 'store-unavailable', options: { cause: { message: /^LOGIN_URL answered a version that is not a text/ } } })
    }
  })
}
