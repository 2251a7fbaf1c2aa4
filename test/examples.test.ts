import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fieldsOf } from '../src/console/request-form.js'
import { offersOf, type Description, type Offer } from '../src/console/available-products.js'
import { basic, cheapHash, complete, secrets, susan } from './helpers/broker.js'
import { freePort } from './helpers/free-port.js'
import { ask } from './helpers/http.js'
import { emptyFolder, install, outside, pack } from './helpers/packed.js'
import { root } from './helpers/root.js'
import { open } from './helpers/token.js'
import { until } from './helpers/until.js'

const folder = emptyFolder(t)
install(pack(folder), folder)
const env = { ...process.env, ...complete }

async function start (t: Test, cwd: string, args: string[], settings: Record<string, string | undefined>) {
  const child = spawn(...outside(process.execPath, ...args), { cwd, env: { ...env, ...settings } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => { output += chunk })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await until(() => /listening/i.test(output) || child.exitCode !== null)
  return { output: () => output, end: async () => { child.kill('SIGTERM'); return ended } }
}

t.test('the embedded example answers as the application that it is, and ends when told to', async t => {
  const cwd = join(folder, 'embedded')
  cpSync(join(root, 'examples/embedded'), cwd, { recursive: true })
  const port = await freePort()
  const { end, output } = await start(t, cwd, ['application.js'], { PORT: String(port) })
  const url = `http://127.0.0.1:${port}`
  t.has(await ask(url, { method: 'GET', path: '/' }), { status: 200, text: 'The application itself.\n' })
  const answer = await ask(url, { as: susan, path: '/twilio/token/video' })
  t.has(answer, { status: 200, body: { identity: 'user-1' } })
  t.has(open(answer.body.token, secrets.keySecret).claims, { grants: { identity: 'user-1', video: {} } })
  for (const as of [basic('susan', 'wrong-one'), basic('juan', 'secret123'), basic('juan', '')]) t.equal((await ask(url, { as, path: '/twilio/token/video' })).status, 401)
  t.match(readFileSync(join(cwd, 'twilio-audit.log'), 'utf8'), /token\.issued/)
  t.strictSame(await end(), [0, null])
  t.notMatch(output(), /secret123|\beyJ/)
})

t.test('a third party\'s package is a product like those of the broker: its settings, its request, its policy, its place in the API\'s description and in the console', async t => {
  const workspace = `WS${'1'.repeat(32)}`
  const worker = `WK${'2'.repeat(32)}`
  const name = '@example/twilio-token-broker-taskrouter'
  cpSync(join(root, 'examples/taskrouter'), join(folder, 'node_modules', name), { recursive: true })
  const cwd = join(folder, 'with-taskrouter')
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'users.htpasswd'), `susan:${await cheapHash('secret123')}\n`, { mode: 0o600 })
  writeFileSync(join(cwd, 'policy.yaml'), `rules:\n  - who: [susan]\n    allow: { taskrouter: { workers: [${worker}] } }\n`)
  const bin = join(folder, 'node_modules/.bin/twilio-token-broker')
  const settings = { PRODUCTS: `video,${name}`, POLICY_FILE: 'policy.yaml', AUDIT_LOG: 'audit.log' }
  const command = (args: string[], own = {}) => {
    try {
      return execFileSync(...outside(bin, ...args), { cwd, env: { ...env, ...settings, ...own }, encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      const { stdout, stderr } = error as Record<'stdout' | 'stderr', string>
      return stdout + stderr
    }
  }
  execFileSync(...outside(process.execPath, join(folder, 'node_modules', name, 'test.js')), { stdio: 'pipe' })
  t.match(command(['check']), /TWILIO_TASKROUTER_WORKSPACE_SID is missing: PRODUCTS names taskrouter/)
  const own = { TWILIO_TASKROUTER_WORKSPACE_SID: workspace }
  t.match(command(['check'], { TWILIO_TASKROUTER_WORKSPACE_SID: worker }), /TWILIO_TASKROUTER_WORKSPACE_SID must be WS and 32/)
  t.match(command(['check'], own), /enabled: video, taskrouter/)
  t.match(JSON.stringify(JSON.parse(command(['policy', 'schema'], own))), /"taskrouter":.*"workers"/)
  t.match(command(['policy', 'explain', 'susan', 'taskrouter'], own), /no: 400/)

  const { output } = await start(t, cwd, [bin], { ...settings, ...own, PORT: '0' })
  const url = /"url":"([^"]+)"/.exec(output())![1]!
  const path = '/token/taskrouter'
  const answer = await ask(url, { as: susan, path, body: { worker } })
  t.strictSame(open(answer.body.token, secrets.keySecret).claims.grants, { identity: 'susan', task_router: { workspace_sid: workspace, worker_sid: worker, role: 'worker' } })
  t.has(await ask(url, { as: susan, path, body: { worker: `WK${'3'.repeat(32)}` } }), { status: 403, body: { code: 'not-allowed', errors: [{ path: '/worker' }] } })
  t.has(await ask(url, { as: susan, path, body: { worker: 'WK3' } }), { status: 400, body: { errors: [{ path: '/worker' }] } })
  t.has(await ask(url, { as: susan, path }), { status: 400, body: { errors: [{ path: '/worker' }] } })

  const described = (await ask(url, { as: susan, method: 'GET', path: '/openapi.json' })).body as unknown as Description
  t.ok(described.paths[path]?.post && described.paths[path].get, 'the API\'s description has it')
  const { products } = offersOf(described)
  t.strictSame(products.map(({ name }) => name), ['taskrouter'], 'the console offers it to whom the policy allows it')
  const [{ properties, required }] = products as [Offer]
  t.has(fieldsOf(properties, required), [{ name: 'worker', kind: 'text', required: true }])
})
