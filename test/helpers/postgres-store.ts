import { inspect } from 'node:util'
import { hash as argon2 } from '@node-rs/argon2'
import type { Test } from 'tap'
import { postgresStore } from '../../src/callers/stores/postgres.js'
import { Problem } from '../../src/problems.js'
import { cheaply } from './cheaply.js'
import { CountingQueue } from './counting-queue.js'
import { decoyKey } from './decoy-key.js'
import { verifyHash } from './in-thread.js'
import { login } from './login.js'
import { postgres } from './postgres.js'

/** The hash of the password `right`. */
export const cheap = await argon2('right', cheaply)

/** Another hash of the same password, as every row of a real table has its own. */
export const another = await argon2('right', cheaply)

export const byName = 'SELECT password AS password_hash, identity FROM callers WHERE name = $1'

export interface CallerRow {
  name: string
  hash: string | null
  identity?: string
  alias?: string
}

/** Stores over one PostgreSQL, which stops with the test. */
export async function postgresStores (t: Test) {
  const server = await postgres()
  t.teardown(server.close)

  let tables = 0

  /** A store over a table of its own. */
  async function open (t: Test, rows: CallerRow[], query = byName, url = server.url(), now?: () => number) {
    const table = `callers${tables++}`
    await server.sql(`CREATE TABLE ${table} (name text, password text, identity text, alias text)`)
    await server.insert(table, rows.map(({ name, hash, identity = null, alias = null }) => [name, hash, identity, alias]))
    const said: string[] = []
    const verified: string[] = []
    const queue = new CountingQueue()
    const store = postgresStore({
      verifyHash (hash, password) {
        verified.push(hash)
        return verifyHash(hash, password)
      },
      databaseUrl: url,
      usersQuery: query.replace('callers', table),
      queue,
      decoyKey,
      ...(now !== undefined && { now }),
      log: { info: text => said.push(text), warn: text => said.push(text) }
    })
    t.teardown(() => store.close())
    return { server, store, queue, verified, said, table, verify: (name: string, password: string) => store.verify(name, password, login()) }
  }

  /** The cause of an outage; nothing of it may hold a secret. */
  async function cause (t: Test, verifying: Promise<unknown>) {
    const problem = await verifying.then(() => undefined, (error: unknown) => error)
    if (!(problem instanceof Problem)) return t.fail('no Problem', { problem })
    t.has(problem, { code: 'store-unavailable', options: { retryAfter: 5 } })
    const all = inspect(problem, { depth: Infinity, showHidden: true })
    for (const secret of [server.password, cheap, 'susan']) t.notOk(all.includes(secret), `holds no ${secret}`)
    return (problem.cause as Error).message
  }

  return { server, open, cause }
}
