import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { basic, startBroker, type AuditLine } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { accounted, alive, client, issuedIn, issuedInFile, start } from '../helpers/process.js'
import { until } from '../helpers/until.js'

/** A full disk, and how it gets room again: a small one of its own, which fills up, and the device that always is. */
const fullDisks: Array<{ says: string, skip?: false | string, open: (t: Test) => { path: string, /** Tokens before it is full, at least. */ first: number, makeRoom: (reload: () => Promise<void>) => unknown } }> = [
  {
    says: 'a disk that fills up',
    skip: !mayMount() && !process.env['CI'] && 'a disk of its own takes the right to mount',
    open (t) {
      const disk = mkdtempSync(join(tmpdir(), 'broker-disk-'))
      mount(disk)
      t.teardown(() => {
        spawnSync('umount', [disk])
        rmdirSync(disk)
      })
      writeFileSync(join(disk, 'another file'), 'x'.repeat(40_000))
      return { path: join(disk, 'audit.log'), first: 5, makeRoom: () => rmSync(join(disk, 'another file')) }
    }
  },
  {
    says: '/dev/full, then a file that has room',
    open (t) {
      const path = join(t.testdir({ 'audit.log': t.fixture('symlink', '/dev/full') }), 'audit.log')
      return {
        path,
        first: 0,
        makeRoom (reload) {
          rmSync(path)
          writeFileSync(path, '')
          return reload()
        }
      }
    }
  }
]

function mount (folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' }).status === 0
}

function mayMount (): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'broker-disk-'))
  const may = mount(folder)
  if (may) spawnSync('umount', [folder])
  rmdirSync(folder)
  return may
}

t.test('O26: on a full disk no token leaves without its line, and tokens come again once there is room', async t => {
  for (const { says, skip = false, open } of fullDisks) {
    await t.test(says, { skip }, async t => {
      const { path, first, makeRoom } = open(t)
      const broker = await startBroker({ settings: { AUDIT_LOG: path } })
      t.teardown(broker.close)
      const { token, held, refused } = client(broker.url)
      const wrong = () => ask(broker.url, { as: basic('susan', 'wrong-one') })
      await until(async () => await token() === 503)
      for (let i = 0; i < 20; i++) await token()
      t.has(await wrong(), { status: 503, body: { code: 'audit-unavailable' } }, 'a refusal without its line is none')
      t.strictSame(Object.keys(refused), ['audit-unavailable'])
      t.ok(await alive(broker.url))
      t.ok(held.length >= first, 'as long as there was room')
      const before = held.length
      const ready = async () => (await ask(broker.url, { method: 'GET', path: '/readyz' })).status === 200
      t.notOk(await ready())
      await makeRoom(broker.reload)
      await until(ready)
      await until(async () => await token() === 200)
      t.ok(held.length > before)
      const lines = () => readFileSync(path, 'utf8').split('\n').filter(line => line.endsWith('}')).map(line => JSON.parse(line) as AuditLine)
      await until(() => lines().filter(({ code }) => code === 'audit-unavailable').length === refused['audit-unavailable']! + 1)
      accounted(t, held, issuedInFile(path))
      t.equal(issuedInFile(path).length, held.length, 'and every line its token')
    })
  }
})

t.test('O27: while nobody reads its standard output no token leaves, and all is as before once somebody does', async t => {
  const broker = await start(t, { settings: { AUDIT_LOG: 'stdout' } })
  const { token, held, refused } = client(broker.url)
  let asked = 0
  await until(async () => {
    await Promise.all(Array.from({ length: 20 }, () => token(`${asked++}`.padStart(120, 'x'))))
    return refused['audit-unavailable'] !== undefined
  })
  t.ok(await alive(broker.url))
  t.strictSame(Object.keys(refused), ['audit-unavailable'])
  let text = ''
  broker.stdout.on('data', chunk => { text += chunk })
  await until(async () => await token() === 200)
  await broker.kill('SIGTERM')
  await until(() => broker.stdout.readableEnded)
  accounted(t, held, issuedIn(text))
  const lines = text.split('\n').filter(Boolean).map(line => JSON.parse(line) as AuditLine)
  const takenBack = lines.filter(({ code }) => code === 'audit-unavailable').map(({ requestId }) => requestId)
  t.equal(takenBack.length, refused['audit-unavailable'], 'every refusal has its line')
  const nobodys = lines.filter(({ event, tokenSha256 }) => event === 'token.issued' && !held.includes(String(tokenSha256)))
  t.strictSame(nobodys.filter(({ requestId }) => !takenBack.includes(requestId)), [], 'a line that came through too late is taken back')
  t.ok(nobodys.length > 0)
})
