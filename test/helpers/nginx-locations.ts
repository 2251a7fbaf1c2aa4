import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { listens } from './listens.js'
import { until } from './until.js'

/**
 * An nginx on a port of this machine, without TLS, that stops with its test.
 * @param locations of its one server
 * @param upstreams brokers by the name that the locations use
 */
export async function nginxLocations (t: Test, port: number, locations: string, upstreams: Record<string, string[]>): Promise<void> {
  const directory = t.testdir()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory};`).join(' ')
  const groups = Object.entries(upstreams).map(([name, urls]) => `upstream ${name} { ${urls.map(url => `server ${new URL(url).host};`).join(' ')} }`).join('\n')
  writeFileSync(join(directory, 'nginx.conf'), `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr;
    events { worker_connections 512; }
    http { access_log off; default_type text/html; ${temporary} ${groups} server { listen 127.0.0.1:${port}; ${locations} } }`)
  const child = spawn('/usr/sbin/nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', chunk => { log += chunk })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  await until(() => {
    if (child.exitCode !== null) throw new Error(log)
    return listens(port)
  })
}
