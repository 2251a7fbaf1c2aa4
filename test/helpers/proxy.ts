import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { listens } from './listens.js'
import { root } from './root.js'
import { until } from './until.js'

export interface ProxyOptions {
  /** The certificate, and its key. */
  cert: string
  key: string
  /** URLs of the brokers. */
  nodes: string[]
}

/** A directory and a port of its own. */
interface Place {
  directory: string
  port: number
  /** @returns the path of the file that it writes */
  put (name: string, text: string): string
}

interface Proxy {
  program: string
  /** Its recipe, below deploy/. */
  recipe: string
  /** All in which a recipe may differ from its own words: ports, paths and nodes. */
  substitutes (at: Place): Array<[RegExp, string]>
  run (at: Place, site: string): { args: string[], env?: NodeJS.ProcessEnv }
}

/** False, or why a program is not here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export function missing (program: string, versionFlag: string): string | false {
  return spawnSync(program, [versionFlag]).error !== undefined && !process.env['CI'] && `${program} is not installed`
}

/** The recipe of deploy/, word for word but for its substitutes, in a proxy of its own. */
export async function openProxy ({ program, recipe, substitutes, run }: Proxy) {
  const directory = mkdtempSync(join(tmpdir(), 'broker-proxy-'))
  const put = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const place = { directory, port: await freePort(), put }
  const site = substitutes(place).reduce((text, [from, to]) => {
    if (!from.test(text)) throw new Error(`the recipe has no ${from}`)
    return text.replace(from, to)
  }, readFileSync(join(root, 'deploy', recipe), 'utf8'))

  const { args, env } = run(place, site)
  const child = spawn(program, args, { ...(env && { env }), stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', chunk => { log += chunk })
  const ended = once(child, 'exit')
  await until(async () => {
    if (child.exitCode !== null) throw new Error(log)
    return listens(place.port)
  })
  return {
    url: `https://127.0.0.1:${place.port}`,
    async close () {
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true })
    }
  }
}
