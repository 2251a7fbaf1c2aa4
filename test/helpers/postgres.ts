import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { until } from './until.js'

/** Debian and Ubuntu keep each version in a directory of its own, outside PATH. */
const versions = '/usr/lib/postgresql'
const bin = existsSync(versions)
  ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)).map(version => join(versions, version, 'bin')).find(existsSync)
  : undefined

/** False, or why there is no PostgreSQL here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export const noPostgres = !bin && !process.env.CI && `PostgreSQL is not installed in ${versions}`

/** The server refuses to run as root, so root starts it as `nobody`. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** No test has anything to lose, and many start at once on a small machine. */
const settings = {
  listen_addresses: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_connections: '20',
  autovacuum: 'off'
}

export type Postgres = Awaited<ReturnType<typeof postgres>>

/** A PostgreSQL of its own in a directory of its own, reached by a Unix socket there; it takes no TCP port. */
export async function postgres () {
  if (!bin) throw new Error(`PostgreSQL is not installed in ${versions}`)
  const directory = mkdtempSync(join(tmpdir(), 'broker-pg-'))
  const data = join(directory, 'data')
  const password = 'canary-of-the-database'
  const passwordFile = join(directory, 'password')
  writeFileSync(passwordFile, password)
  if (nobody.uid) for (const path of [directory, passwordFile]) chownSync(path, nobody.uid, nobody.gid)

  const init = spawnSync(join(bin, 'initdb'), [
    '--pgdata', data, '--username', 'broker', '--auth', 'scram-sha-256', '--pwfile', passwordFile,
    '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync', '--no-instructions'
  ], { ...nobody, cwd: directory, encoding: 'utf8' })
  if (init.status !== 0) throw new Error(`initdb: ${init.stderr}`)

  let server: ChildProcess | undefined
  const address = { host: directory, port: 5432, user: 'broker', password, database: 'postgres' }

  async function withClient<T> (use: (client: Client) => Promise<T>) {
    const client = new Client(address)
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }

  function sql (statement: string) {
    return withClient(client => client.query(statement))
  }

  /** Rows of text into a table. */
  async function insert (table: string, rows: Array<Array<string | null>>) {
    await withClient(async client => {
      for (const row of rows) await client.query(`INSERT INTO ${table} VALUES (${row.map((_, index) => `$${index + 1}`)})`, row)
    })
  }

  function count (query: string) {
    return withClient(async client => Number((await client.query<{ count: string }>(query)).rows[0]?.count))
  }

  async function start () {
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    // It dies with this process, however that ends.
    const command = ['--pdeathsig', 'KILL', join(bin as string, 'postgres'), '-D', data, '-k', directory]
    const starting = spawn('setpriv', [...command, ...options], { ...nobody, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    starting.stderr.on('data', text => { said += text })
    server = starting
    await until(() => {
      if (starting.exitCode !== null || starting.signalCode !== null) throw new Error(`postgres: ${said}`)
      return sql('SELECT 1').then(() => true, () => false)
    })
  }

  /** SIGINT ends its sessions and stops it, SIGQUIT is a crash. */
  async function stop (signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT') {
    const ending = server
    server = undefined
    if (!ending) return
    if (ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    await exited
  }

  const sessionsOf = (postmaster: number) => readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  const standsStill = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ')

  /** Every session is a process of its own. The postmaster stands still first, so that it begins and buries none meanwhile. */
  async function freeze () {
    const postmaster = server?.pid as number
    process.kill(postmaster, 'SIGSTOP')
    await until(() => standsStill(postmaster))
    for (const pid of sessionsOf(postmaster)) process.kill(pid, 'SIGSTOP')
  }

  async function thaw () {
    const postmaster = server?.pid as number
    for (const pid of [...sessionsOf(postmaster), postmaster]) process.kill(pid, 'SIGCONT')
  }

  await start()

  return {
    /** For `net.connect`. */
    socket: { path: join(directory, '.s.PGSQL.5432') },
    /** The password in it is a canary: it may not appear in any log. */
    password,
    /** @param port of a proxy on 127.0.0.1, in place of the socket */
    url: (port?: number) => port === undefined
      ? `postgres://broker:${password}@/postgres?host=${encodeURIComponent(directory)}&port=5432`
      : `postgres://broker:${password}@127.0.0.1:${port}/postgres`,
    sql,
    insert,
    count,
    start,
    stop,
    freeze,
    thaw,

    /** Locks a table until the function it answers is called. */
    async lock (table: string) {
      const client = new Client(address)
      await client.connect()
      await client.query('BEGIN')
      await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
      return () => client.end()
    },

    /** Takes all its connections, until the function it answers is called. */
    async fill () {
      const clients: Client[] = []
      for (;;) {
        const client = new Client(address)
        try {
          await client.connect()
        } catch {
          break
        }
        clients.push(client)
      }
      return async () => { for (const client of clients) await client.end() }
    },

    async close () {
      // Also where a test has failed while it stood still.
      server?.kill('SIGCONT')
      await stop('SIGQUIT')
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
