import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'pg'
import t from 'tap'
import { loginUrlStore } from '../../../src/callers/stores/login-url.js'
import { postgresStore } from '../../../src/callers/stores/postgres.js'
import { usersFileStore } from '../../../src/callers/users-file/store.js'
import { CountingQueue } from '../../helpers/counting-queue.js'
import { decoyKey } from '../../helpers/decoy-key.js'
import { verifyHash } from '../../helpers/in-thread.js'
import { answer, loginServer } from '../../helpers/login-server.js'
import { noPostgres, postgres } from '../../helpers/postgres.js'
import { conforms, makeAccounts } from './conformance.js'

const accounts = await makeAccounts()
const log = { info () {}, warn () {} }

t.test('the users file keeps what every store keeps', async t => {
  const path = join(t.testdir(), 'users.htpasswd')
  writeFileSync(path, accounts.map(({ name, hash }) => `${name}:${hash}\n`).join(''), { mode: 0o600 })
  const queue = new CountingQueue()
  const store = await usersFileStore({ path, label: 'users.htpasswd', queue, decoyKey, verifyHash, onReload () {} })
  await conforms(t, { store, hashes: () => queue.hashes })
})

t.test('PostgreSQL keeps what every store keeps', { skip: noPostgres }, async t => {
  const server = await postgres()
  t.teardown(server.close)
  await server.sql('CREATE TABLE callers (name text PRIMARY KEY, password text)')
  await server.insert('callers', accounts.map(({ name, hash }) => [name, hash]))

  const queries = t.capture(Pool.prototype, 'query', Pool.prototype.query)
  let lookUps = 0
  const queue = new CountingQueue()
  const store = postgresStore({ databaseUrl: server.url(), usersQuery: 'SELECT password AS password_hash FROM callers WHERE name = $1', queue, decoyKey, verifyHash, log })
  await conforms(t, { store, hashes: () => queue.hashes, lookUps: () => (lookUps += queries().length), takeAway: () => server.stop() })
})

t.test('the application\'s login keeps what every store keeps', async t => {
  const passwords = new Map(accounts.map(({ name, password }) => [name, password]))
  const server = await loginServer(({ username, password }, response) => passwords.get(username) === password ? answer(response, 200, {}) : answer(response, 401))
  t.teardown(server.close)
  const store = loginUrlStore({ url: server.url, log })
  await conforms(t, { store, lookUps: () => server.requests, takeAway: server.stop })
})
