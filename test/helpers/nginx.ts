import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.js'
import { listens } from './listens.js'
import { until } from './until.js'

const program = '/usr/sbin/nginx'

/** False, or why there is no nginx here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export const noNginx = spawnSync(program, ['-v']).error !== undefined && !process.env['CI'] && 'nginx is not installed'

const recipe = fileURLToPath(new URL('../../deploy/nginx/broker.conf', import.meta.url))

export interface ProxyOptions {
  /** The certificate, and its key. */
  cert: string
  key: string
  /** URLs of the brokers. */
  nodes: string[]
}

/** The recipe of deploy/, word for word but for ports, paths and nodes, in an nginx of its own in a directory of its own. */
export async function nginx ({ cert, key, nodes }: ProxyOptions) {
  const directory = mkdtempSync(join(tmpdir(), 'broker-nginx-'))
  const port = await freePort()
  const put = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const substitutes: Array<[RegExp, string]> = [
    [/listen 443/, `listen 127.0.0.1:${port}`],
    [/ssl_certificate \s*\S+;/, `ssl_certificate ${put('cert.pem', cert)};`],
    [/ssl_certificate_key \s*\S+;/, `ssl_certificate_key ${put('key.pem', key)};`],
    [/server 127\.0\.0\.1:3000 (.*);/, nodes.map(url => `server ${new URL(url).host} $1;`).join('\n')]
  ]
  const site = substitutes.reduce((text, [from, to]) => {
    if (!from.test(text)) throw new Error(`the recipe has no ${from}`)
    return text.replace(from, to)
  }, readFileSync(recipe, 'utf8'))
  put('broker.conf', site)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory};`).join(' ')
  const config = put('nginx.conf', `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr;
    events { worker_connections 512; } http { access_log off; ${temporary} include ${directory}/broker.conf; }`)

  const child = spawn(program, ['-p', directory, '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
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
