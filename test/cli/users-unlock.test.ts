import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { basic, complete, startBroker, susan, type Broker } from '../helpers/broker.js'
import { command } from '../helpers/command.js'
import { ask } from '../helpers/http.js'
import { inProcess } from '../helpers/in-process.js'
import { noRedis, redisServer } from '../helpers/redis.js'
import { root } from '../helpers/root.js'
import { until } from '../helpers/until.js'

const wrong = basic('susan', 'wrong-one')
const file = 'users.htpasswd.unlocked'
const users = { 'users.htpasswd': 'susan:$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa\n' }
const locked = { status: 429, body: { code: 'login-limited' } }
const says = 'brokers that read it let this name try again within two seconds\nThis does not change the request limit of an address, which ends within a minute.\n'

const unlock = (cwd: string, name: string, env: Record<string, string> = {}) => inProcess(['users', 'unlock', name], { cwd, env: { ...complete, ...env } })
const signsIn = ({ url }: Broker) => until(async () => (await ask(url, { as: susan })).status === 200)
const lines = (broker: Broker) => broker.log().split('\n').filter(line => line.includes('unlocked by an operator'))

t.test('users unlock lets a locked name sign in again, from every address, at a running broker', async t => {
  const broker = await startBroker({ settings: { LOGIN_FAILURES_MAX: '1', RATE_LIMIT_MAX: '3' } })
  t.teardown(broker.close)
  // A name has twenty times LOGIN_FAILURES_MAX.
  for (let i = 1; i <= 20; i++) await ask(broker.url, { as: wrong, from: `127.0.1.${i}` })
  t.has(await ask(broker.url, { as: susan, from: '127.0.1.1' }), locked, 'locked at an address')
  t.match(await ask(broker.url, { as: susan, from: '127.0.1.99' }), { ...locked, body: { detail: /^Too many wrong passwords for this name\. Try again in 1[45] minutes, or ask the operator of this broker to unlock the name\.$/ } }, 'and everywhere')
  for (let i = 0; i < 3; i++) await ask(broker.url, { from: '127.0.1.2' })

  const { exit, stdout, stderr } = command(['users', 'unlock', 'susan'], { cwd: broker.folder, env: complete })
  t.equal(await exit, 0, stderr())
  t.equal(stdout(), `unlocked susan in ${file}: ${says}`)
  await until(() => lines(broker).length === 1)
  for (const from of ['127.0.1.1', '127.0.1.99']) t.equal((await ask(broker.url, { as: susan, from })).status, 200, from)
  t.has(await ask(broker.url, { as: susan, from: '127.0.1.2' }), { status: 429, body: { code: 'rate-limited' } }, 'an address that asks too often waits all the same')
  t.strictSame(lines(broker).map(line => JSON.parse(line).name), ['susan'], 'the log has one line')

  t.equal((await ask(broker.url, { as: wrong, from: '127.0.2.3' })).status, 401)
  t.has(await ask(broker.url, { as: susan, from: '127.0.2.3' }), locked, 'wrong passwords lock it as ever')
  t.equal((await unlock(broker.folder, 'susan')).code, 0)
  await until(() => lines(broker).length === 2)
  t.equal((await ask(broker.url, { as: susan, from: '127.0.2.3' })).status, 200)
})

t.test('S75: with Redis all nodes let it in', { skip: noRedis }, async t => {
  const redis = await redisServer()
  t.teardown(redis.close)
  const [, rule] = /^ACL SETUSER broker (.*)$/m.exec(readFileSync(join(root, 'docs/operations.md'), 'utf8'))!
  await redis.ask('ACL', 'SETUSER', 'broker', ...rule!.split(' '))
  const settings = { REDIS_URL: redis.url.replace('//', '//broker:PASSWORD@'), LOGIN_FAILURES_MAX: '1' }
  const nodes = await Promise.all([1, 2].map(() => startBroker({ settings })))
  t.teardown(() => Promise.all(nodes.map(node => node.close())))
  await ask(nodes[0]!.url, { as: wrong })
  for (const { url } of nodes) t.has(await ask(url, { as: susan }), locked)
  t.strictSame(await unlock(nodes[1]!.folder, 'susan', settings), { code: 0, out: `unlocked susan in Redis: ${says}`, err: '' })
  for (const node of nodes) {
    await signsIn(node)
    t.equal(lines(node).length, 1)
    t.notOk(existsSync(join(node.folder, file)))
  }
  await ask(nodes[1]!.url, { as: wrong })
  for (const { url } of nodes) t.has(await ask(url, { as: susan }), locked, 'and they count together again')

  const [key] = await redis.ask('KEYS', '*unlocked*') as [string]
  t.ok(Number(await redis.ask('PTTL', key)) <= 3_600_000, 'it is forgotten after an hour')
  const names = Array.from({ length: 10 }, (_, i) => `name ${i}`)
  const application = t.testdir()
  t.ok((await Promise.all(names.map(name => unlock(application, name, settings)))).every(({ code }) => code === 0), 'an application has no users file')
  t.strictSame((await redis.ask('HGET', key, 'text') as string).match(/^name \d(?=:)/gm)?.sort(), names, 'of ten at once none is lost')
  t.strictSame(await redis.ask('ACL', 'LOG'), [], 'with no more rights than the broker has')

  t.equal((await unlock(nodes[0]!.folder, 'susan', settings)).code, 0)
  for (const node of nodes) await signsIn(node)
  await redis.ask('FLUSHALL')
  t.equal((await unlock(application, 'juan', settings)).code, 0)
  for (const node of nodes) {
    await until(() => node.log().includes('"name":"juan"'))
    t.equal((await ask(node.url, { as: susan })).status, 200, 'a Redis that lost everything brings no old lock back')
  }

  await redis.ask('EVAL', 'redis.call("HSET", KEYS[1], "text", string.char(255))', '1', key)
  t.strictSame(await unlock(application, 'juan', settings), { code: 69, out: '', err: 'nothing was unlocked: the list in Redis changed at each try\n' })

  await redis.kill()
  t.match(await unlock(nodes[0]!.folder, 'susan', settings), { code: 69, out: '', err: /^nothing was unlocked: Redis is unavailable; .*\(ECONNREFUSED\)\n$/ })
})

t.test('what cannot be unlocked is said', async t => {
  const dir = t.testdir({ ...users, elsewhere: {} })
  const rows: Array<{ name: string, cwd?: string, env?: Record<string, string>, code: number, err: RegExp }> = [
    { name: 'martha', code: 1, err: /^users\.htpasswd has no user of this name; to see all, run: npx twilio-token-broker users list\n$/ },
    { name: 'Susan', code: 1, err: /has no user of this name; did you mean susan\?\n$/ },
    { name: 'suzan', code: 1, err: /has no user of this name; did you mean susan\?\n$/ },
    { name: 'susan', cwd: join(dir, 'elsewhere'), code: 1, err: /has no user of this name/ },
    { name: 'jwt:susan', code: 2, err: /^a name holds none of : \* \{ \}\n$/ },
    { name: 'susan', env: { REDIS_URL: 'http://x' }, code: 78, err: /^REDIS_URL / }
  ]
  for (const { name, cwd = dir, env = {}, code, err } of rows) t.match(await unlock(cwd, name, env), { code, out: '', err }, `${name} ${err}`)
  t.notOk(existsSync(join(dir, file)))
  writeFileSync(join(dir, '.env'), 'REDIS_URL\n')
  t.match(await unlock(dir, 'susan'), { code: 78, err: /^\.env:1 / }, 'where it is not certain where brokers read it')
  rmSync(join(dir, '.env'))
  mkdirSync(join(dir, file))
  t.match(await unlock(dir, 'susan'), { code: 78, err: /^users\.htpasswd\.unlocked cannot be used \(EISDIR\)/ })
})

t.test('the broker may read the file as it may read the users file, and old names are dropped from it', async t => {
  const dir = t.testdir({ ...users, '.env': '' })
  const path = join(dir, file)
  chmodSync(join(dir, 'users.htpasswd'), 0o640)
  chmodSync(join(dir, '.env'), 0o600)
  await unlock(dir, 'susan')
  t.equal(statSync(path).mode & 0o777, 0o640)
  const later = new Date().toISOString()
  writeFileSync(path, `old:2020-01-01T00:00:00.000Z\nSUSAN:${later}\njuan:${later}\n`)
  await unlock(dir, 'susan')
  t.match(readFileSync(path, 'utf8'), /^juan:.*\nsusan:.*\n$/)
  const ahead = new Date(Date.now() + 600_000).toISOString()
  writeFileSync(path, `susan:${ahead}\n`)
  await unlock(dir, 'susan')
  t.ok(/^susan:(.*)\n$/.exec(readFileSync(path, 'utf8'))![1]! > ahead, 'also where the clock that wrote it last is ahead')
  rmSync(path)
  symlinkSync(join(dir, 'elsewhere'), path)
  await unlock(dir, 'susan')
  t.ok(lstatSync(path).isFile())
  t.notOk(existsSync(join(dir, 'elsewhere')), 'a link is not followed')
  rmSync(path)
  t.has(await unlock(dir, 'Zo\u00eb', { LOGIN_URL: 'https://login.example.com/' }), { code: 0, err: '' }, 'a login cannot be asked for its names')
  t.match(readFileSync(path, 'utf8'), /^Zo\u00eb:.*\n$/)
  rmSync(join(dir, 'users.htpasswd'))
  rmSync(path)
  await unlock(dir, 'Zo\u00eb', { LOGIN_URL: 'https://login.example.com/' })
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('a broker that starts says who was unlocked within the last hour', async t => {
  const broker = await startBroker({ files: { [file]: `susan:${new Date().toISOString()}\njuan:2020-01-01T00:00:00.000Z\n` } })
  t.teardown(broker.close)
  t.strictSame(lines(broker).map(line => JSON.parse(line).name), ['susan'])
})

t.test('S76: a file that is not as it should be unlocks nobody, and the log says why', async t => {
  const broker = await startBroker({ settings: { LOGIN_FAILURES_MAX: '1' }, files: { [file]: 'nonsense' } })
  t.teardown(broker.close)
  const path = join(broker.folder, file)
  await ask(broker.url, { as: wrong })
  // Renamed over the other, so that the broker never sees the text without the mode.
  const other = join(broker.folder, 'other')
  writeFileSync(other, `susan:${new Date().toISOString()}\n`)
  chmodSync(other, 0o606)
  const faults: Array<{ says: RegExp, make: () => void }> = [
    { says: /users\.htpasswd\.unlocked is not what \\"users unlock\\" writes; run that again/, make: () => {} },
    { says: /everyone may write users\.htpasswd\.unlocked; run: chmod o-w users\.htpasswd\.unlocked/, make: () => renameSync(other, path) },
    { says: /users\.htpasswd\.unlocked is not a file/, make: () => { rmSync(path); mkdirSync(path) } },
    { says: /users\.htpasswd\.unlocked cannot be read \(ELOOP\)/, make: () => { rmSync(path, { recursive: true }); symlinkSync(path, path) } }
  ]
  for (const { says, make } of faults) {
    make()
    await until(() => says.test(broker.log()))
    t.has(await ask(broker.url, { as: susan }), locked)
  }
  rmSync(path, { recursive: true })
  t.equal((await unlock(broker.folder, 'susan')).code, 0)
  await signsIn(broker)
  t.equal(broker.log().split('nobody can be unlocked').length - 1, faults.length)
})
