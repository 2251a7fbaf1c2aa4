// Runs the tests, and says which are skipped for want of what. Coverage is only whole where nothing is skipped.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const components = [
  { name: 'Chromium', program: 'chromium', tests: 'the browser SDKs and the console' },
  { name: 'OpenSSL', program: 'openssl', tests: 'the browser SDKs, TLS and proxies' },
  { name: 'HTTPie', program: 'http', tests: 'the tutorial\'s client', debian: 'httpie' },
  { name: 'htpasswd', program: 'htpasswd', tests: 'Apache\'s users files', debian: 'apache2-utils' },
  { name: 'PostgreSQL 15', program: '/usr/lib/postgresql/15/bin/postgres', tests: 'callers in PostgreSQL', debian: 'postgresql' },
  { name: 'Redis', program: 'redis-server', tests: 'shared counters' },
  { name: 'nginx', program: '/usr/sbin/nginx', tests: 'proxies and several nodes' },
  { name: 'Caddy', program: 'caddy', tests: 'proxies' },
  { name: 'zsh', program: 'zsh', tests: 'completion in zsh' },
  { name: 'fish', program: 'fish', tests: 'completion in fish' },
  { name: 'systemd', program: 'systemd-analyze', tests: 'the unit of systemd' }
]

const folders = process.env.PATH.split(delimiter)
const missing = components.filter(({ program }) => !existsSync(program) && !folders.some(folder => existsSync(join(folder, program))))

if (missing.length > 0) {
  for (const { name, tests } of missing) console.error(`${name} is not installed: the tests of ${tests} are skipped.`)
  console.error(`On Debian: apt-get install ${missing.map(({ program, debian = program }) => debian).join(' ')}\n`)
  if (process.env.CI) process.exit(1)
}

const args = [...(missing.length > 0 ? ['--allow-incomplete-coverage'] : []), ...process.argv.slice(2)]
// By its path: what runs this may not be npm, which has it among the programs.
const { status } = spawnSync(fileURLToPath(new URL('../node_modules/.bin/tap', import.meta.url)), args, { stdio: 'inherit' })
process.exit(status ?? 1)
