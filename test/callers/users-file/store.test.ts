import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { textOf } from '../../../src/lib/diagnostic.js'
import { HashQueue } from '../../../src/callers/passwords/hash-queue.js'
import { UsersFileError, usersFileStore } from '../../../src/callers/users-file/store.js'
import { decoyKey } from '../../helpers/decoy-key.js'
import { verifyHash } from '../../helpers/in-thread.js'
import { login } from '../../helpers/login.js'
import { until } from '../../helpers/until.js'
import { both, juan, label, letsIn, open, susan } from '../../helpers/users-file.js'

t.test('a store lets in who is in the file with the right password, and forgets nobody on the way', async t => {
  const { store } = await open(t, both)
  const caller = await store.verify('susan', 'correct horse', login())
  t.has(caller, { name: 'susan', identity: 'susan' })
  t.ok(caller && store.isCurrent(caller))
  t.notOk(store.isCurrent({ name: 'susan', identity: 'susan' }), 'only the object that verify gave')
  t.equal(store.size, 2)
  for (const [name, password] of [['susan', 'battery staple'], ['Susan', 'correct horse'], ['nobody', 'correct horse'], ['__proto__', 'x']] as const) {
    t.equal(await store.verify(name, password, login()), null)
  }
})

t.test('a file that cannot be used stops the start with every mistake', async t => {
  const path = join(t.testdir({ users: 'a\nb\n' }), 'users')
  chmodSync(path, 0o600)
  const options = { path, label, queue: new HashQueue(), decoyKey, onReload () {} }
  await t.rejects(usersFileStore(options), { name: 'UsersFileError', message: /:1 .*; .*:2 /, mistakes: [{ subject: 'users.htpasswd', position: { line: 1 } }, { position: { line: 2 } }] })
  await t.rejects(usersFileStore(options), UsersFileError)
})

t.test('the start tells what is odd', async t => {
  const { store } = await open(t, `susan:${susan}\n`)
  t.same(store.warnings.map(textOf), ['users.htpasswd:1 argon2id with such low parameters is quickly guessed'])
})

/** Runs something before every verification, and knows which hashes were verified. */
function beforeEachHash (before: () => Promise<void> = async () => {}) {
  const verified: string[] = []
  return {
    verified,
    async verify (hash: string, password: string) {
      verified.push(hash)
      await before()
      return verifyHash(hash, password)
    }
  }
}

t.test('unknown names and wrong passwords cost one hash each, of the same parameters', async t => {
  const { verified, verify } = beforeEachHash()
  const { store } = await open(t, both, label, verify)
  for (let round = 0; round < 100; round++) {
    t.equal(await store.verify(round % 2 ? 'susan' : `nobody${round}`, 'wrong', login()), null)
    t.equal(verified.length, round + 1)
  }
  t.same(new Set(verified.map(hash => hash.split('$')[3])), new Set(['m=64,t=1,p=1']))
})

t.test('who is removed while the hash runs is not let in', async t => {
  let meanwhile = async () => {}
  const { verify } = beforeEachHash(() => meanwhile())
  const { store, path } = await open(t, both, label, verify)
  meanwhile = async () => {
    writeFileSync(path, `juan:${juan}\n`)
    await store.reload()
  }
  t.equal(await letsIn(store, 'susan', 'correct horse'), false)
  t.equal(await letsIn(store, 'juan', 'battery staple'), true)
})

t.test('too many logins are told so, and one that hung up is not hashed', async t => {
  const { path } = await open(t, both)
  const queue = new HashQueue({ maxWaiting: 0, maxRunning: 1 })
  const store = await usersFileStore({ path, label, queue, decoyKey, verifyHash, onReload () {} })
  t.teardown(() => store.close())
  const first = store.verify('susan', 'correct horse', login())
  await t.rejects(store.verify('susan', 'correct horse', login()), { code: 'overloaded' })
  t.ok(await first)
  await t.rejects(store.verify('susan', 'correct horse', { ip: '192.0.2.1', signal: AbortSignal.abort(new Error('gone')) }), { message: 'gone' })
})

t.test('who is removed or gets another password is no longer current', async t => {
  const { store, path } = await open(t, both)
  const [one, other] = [await store.verify('susan', 'correct horse', login()), await store.verify('juan', 'battery staple', login())]
  writeFileSync(path, `juan:${susan}\n`)
  await until(() => store.size === 1)
  t.notOk(one && store.isCurrent(one))
  t.notOk(other && store.isCurrent(other))
  t.equal(await letsIn(store, 'juan', 'battery staple'), false)
  t.equal(await letsIn(store, 'juan', 'correct horse'), true)
})
