// Compiles and runs the tests.
//   node test/run.js                      all, with full coverage as the floor
//   node test/run.js --unit               those that need no component
//   node test/run.js test/FILE.test.ts …  these, without coverage
// All else is tap's.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, testFiles } from './compile.js'

const components = [
  { name: 'Chromium', program: 'chromium', tests: 'the browser SDKs and the console' },
  { name: 'OpenSSL', program: 'openssl', tests: 'the browser SDKs, TLS and proxies' },
  { name: 'HTTPie', program: 'http', tests: 'the tutorial\'s client', debian: 'httpie' },
  { name: 'htpasswd', program: 'htpasswd', tests: 'Apache\'s users files', debian: 'apache2-utils' },
  { name: 'PostgreSQL 15', program: '/usr/lib/postgresql/15/bin/postgres', tests: 'callers in PostgreSQL', debian: 'postgresql' },
  { name: 'PgBouncer', program: '/usr/sbin/pgbouncer', tests: 'PostgreSQL behind a pool of connections', debian: 'pgbouncer' },
  { name: 'Redis', program: 'redis-server', tests: 'shared counters' },
  { name: 'nginx', program: '/usr/sbin/nginx', tests: 'proxies and several nodes' },
  { name: 'Caddy', program: 'caddy', tests: 'proxies' },
  { name: 'zsh', program: 'zsh', tests: 'completion in zsh' },
  { name: 'fish', program: 'fish', tests: 'completion in fish' },
  { name: 'systemd', program: 'systemd-analyze', tests: 'the unit of systemd' }
]

const root = fileURLToPath(new URL('../', import.meta.url))
const [unit, ...rest] = process.argv[2] === '--unit' ? process.argv.slice(2) : [undefined, ...process.argv.slice(2)]
const isTest = arg => arg.endsWith('.test.ts')
const named = rest.filter(isTest).map(file => relative(root, file).replace(/ts$/, 'js')).map(file => join('build', file))
const options = rest.filter(arg => !isTest(arg))

await compile()
if (unit) run(testFiles().filter(file => !needsComponent(file)), '--disable-coverage')
if (named.length === 1 && options.length === 0) node(named[0])
if (named.length > 0) run(named, '--disable-coverage')
run([], ...allowing(missingComponents()))

/** One file by itself: what tap adds around it takes longer than most of them. */
function node (file) {
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', file], { cwd: root, env: { ...process.env, TAP_TIMEOUT: '480' }, stdio: 'inherit' })
  process.exit(status ?? 1)
}

function run (files, ...more) {
  const { status } = spawnSync(process.execPath, [join(root, 'test/tap.js'), ...more, ...options, ...files], { cwd: root, stdio: 'inherit' })
  process.exit(status ?? 1)
}

function missingComponents () {
  const folders = process.env.PATH.split(delimiter)
  return components.filter(({ program }) => !existsSync(program) && !folders.some(folder => existsSync(join(folder, program))))
}

/** Says which tests are skipped for want of what. Coverage is only whole where nothing is skipped. */
function allowing (missing) {
  if (missing.length === 0) return []
  for (const { name, tests } of missing) console.error(`${name} is not installed: the tests of ${tests} are skipped.`)
  console.error(`On Debian: apt-get install ${missing.map(({ program, debian = program }) => debian).join(' ')}\n`)
  if (process.env.CI) process.exit(1)
  return ['--allow-incomplete-coverage']
}

/** Whether a test, or a helper that it imports, asks for an installed component. */
function needsComponent (file, seen = new Set()) {
  // A text that a test writes may look like an import of a file that there is not.
  if (seen.has(file) || !file.startsWith('build/test/') || !existsSync(join(root, file))) return false
  seen.add(file)
  if (file === 'build/test/helpers/installed.js') return true
  const imports = readFileSync(join(root, file), 'utf8').matchAll(/from "(\.[^"]+)"/g)
  return [...imports].some(([, path]) => needsComponent(join(dirname(file), path), seen))
}
