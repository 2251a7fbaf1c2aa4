import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { listens } from './listens.js'
import { root } from './root.js'
import { until } from './until.js'

const program = '/usr/sbin/pgbouncer'

/** False, or why there is no PgBouncer here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export const noPgBouncer = spawnSync(program, ['--version']).error !== undefined && !process.env.CI && 'PgBouncer is not installed'

/** It refuses to run as root, as PostgreSQL does. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

export interface PgBouncerOptions {
  /** Where PostgreSQL's Unix socket is. */
  socketFolder: string
  password: string
  /** Further changes of the recipe. */
  change?: (recipe: string) => string
}

/** PgBouncer by the recipe of deploy/, word for word but for ports, paths and the database's name. */
export async function pgbouncer ({ socketFolder, password, change = recipe => recipe }: PgBouncerOptions) {
  const directory = mkdtempSync(join(tmpdir(), 'broker-pgbouncer-'))
  const port = await freePort()
  const put = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const substitutes: Array<[RegExp, string]> = [
    [/host=\/var\/run\/postgresql port=5432 dbname=callers/, `host=${socketFolder} port=5432 dbname=postgres`],
    [/listen_port = 6432/, `listen_port = ${port}\nunix_socket_dir =`],
    [/auth_file = .*/, `auth_file = ${put('userlist.txt', `"broker" "${password}"\n`)}`]
  ]
  const recipe = substitutes.reduce((text, [from, to]) => {
    if (!from.test(text)) throw new Error(`the recipe has no ${from}`)
    return text.replace(from, to)
  }, readFileSync(join(root, 'deploy/pgbouncer/pgbouncer.ini'), 'utf8'))
  const config = put('pgbouncer.ini', change(recipe))
  if (nobody.uid) chownSync(directory, nobody.uid, nobody.gid)

  let child: ChildProcess
  let said = ''
  async function start () {
    // It dies with this process, however that ends.
    child = spawn('setpriv', ['--pdeathsig', 'KILL', program, config], { ...nobody, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr!.on('data', text => { said += text })
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`pgbouncer: ${said}`)
      return listens(port)
    })
  }
  async function stop () {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    // From 1.23 on it waits for its clients on SIGTERM.
    child.kill('SIGQUIT')
    await exited
  }
  await start()
  return {
    url: `postgres://broker:${password}@127.0.0.1:${port}/callers`,
    start,
    stop,
    async close () {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}
