import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.js'
import type { ProxyOptions } from './nginx.js'
import { listens } from './listens.js'
import { until } from './until.js'

const program = '/usr/bin/caddy'

/** False, or why there is no Caddy here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export const noCaddy = spawnSync(program, ['version']).error !== undefined && !process.env['CI'] && 'caddy is not installed'

const recipe = fileURLToPath(new URL('../../deploy/caddy/Caddyfile', import.meta.url))

/** The recipe of deploy/, word for word but for the port, the certificate and the nodes, in a Caddy of its own in a directory of its own. */
export async function caddy ({ cert, key, nodes }: ProxyOptions) {
  const directory = mkdtempSync(join(tmpdir(), 'broker-caddy-'))
  const port = await freePort()
  const put = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const substitutes: Array<[RegExp, string]> = [
    [/^tokens\.example\.com \{/m, `https://:${port} {\nbind 127.0.0.1\ntls ${put('cert.pem', cert)} ${put('key.pem', key)}`],
    [/127\.0\.0\.1:3000/, nodes.map(url => new URL(url).host).join(' ')]
  ]
  const site = substitutes.reduce((text, [from, to]) => {
    if (!from.test(text)) throw new Error(`the recipe has no ${from}`)
    return text.replace(from, to)
  }, readFileSync(recipe, 'utf8'))
  // Nothing of this machine's own Caddy, and no port but the one.
  const config = put('Caddyfile', `{\nadmin off\nauto_https disable_redirects\nstorage file_system ${directory}\n}\n${site}`)

  const child = spawn(program, ['run', '--config', config, '--adapter', 'caddyfile'], {
    env: { PATH: process.env['PATH'], HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let log = ''
  child.stderr.on('data', chunk => { log += chunk })
  const ended = once(child, 'exit')
  await until(async () => {
    if (child.exitCode !== null) throw new Error(log)
    return listens(port)
  })
  return {
    url: `https://127.0.0.1:${port}`,
    async close () {
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true })
    }
  }
}
