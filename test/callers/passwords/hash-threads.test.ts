import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, getPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { hash as argon2 } from '@node-rs/argon2'
import { hash as bcrypt } from '@node-rs/bcrypt'
import t, { type Test } from 'tap'
import { hashThreads, verifyHash } from '../../../src/callers/passwords/hash-threads.js'
import { cheaply } from '../../helpers/cheaply.js'
import { answer, loginServer } from '../../helpers/login-server.js'
import { brokerProcess, writeUsers } from '../../helpers/process.js'
import { until } from '../../helpers/until.js'

/** Threads that run a module of the test's own, in plain JavaScript: without the loader of TypeScript they start at once. */
function threads (t: Test, worker: string, timeoutMs = 10_000) {
  const filename = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  return { filename, verify: hashThreads({ filename, execArgv: [], timeoutMs }) }
}

const hash = 'a-stored-hash'
const failed = (code: string) => ({ name: 'Problem', code: 'store-unavailable', status: 503, options: { retryAfter: 5, cause: { message: `a thread that hashes passwords failed (${code})` } } })

t.test('passwords are compared in threads, while this one goes on', async t => {
  const stored = [await argon2('right', cheaply), await bcrypt('right', 4)]
  let ticks = 0
  const ticking = setInterval(() => { ticks++ }, 1)
  t.teardown(() => clearInterval(ticking))
  for (const hash of stored) {
    t.equal(await verifyHash(hash, 'right'), true)
    t.equal(await verifyHash(hash, 'wrong'), false)
  }
  const dear = await bcrypt('right', 11)
  ticks = 0
  await verifyHash(dear, 'wrong')
  t.ok(ticks > 10, `${ticks} turns of the event loop`)
})

t.test('the threads are of a lower priority than the one that answers requests', { skip: process.platform !== 'linux' && 'only Linux tells the priority of a thread' }, async t => {
  const before = new Set(readdirSync('/proc/self/task'))
  const { verify } = threads(t, 'export default () => true')
  await verify(hash, 'x')
  const priorities = readdirSync('/proc/self/task').filter(id => !before.has(id)).map(id => getPriority(Number(id)))
  t.ok(priorities.includes(19), inspect(priorities))
})

t.test('the first thread can be begun before a login needs it, and one that cannot begin does no harm', async t => {
  const { verify, filename } = threads(t, "import { writeFileSync } from 'node:fs'\nwriteFileSync(new URL('begun', import.meta.url), '')\nexport default () => true")
  verify.prestart()
  await until(() => existsSync(join(dirname(filename), 'begun')))
  t.equal(await verify(hash, 'x'), true)

  const broken = hashThreads({ filename: join(t.testdirName, 'worker.mjs'), execArgv: ['--no-such-flag'], timeoutMs: 500 })
  broken.prestart()
  t.has(await broken(hash, 'x').catch((error: unknown) => error), { code: 'store-unavailable' })
})

t.test('a broker begins it with itself, and only where it is what compares passwords', { skip: process.platform !== 'linux' && 'only Linux tells the priority of a thread' }, async t => {
  const login = await loginServer((_credentials, response) => answer(response, 401))
  t.teardown(login.close)
  const priorities = (pid: number) => readdirSync(`/proc/${pid}/task`).map(id => {
    try {
      return getPriority(Number(id))
    } catch {
      // It has ended meanwhile.
      return undefined
    }
  })
  for (const [settings, begins] of [[{}, true], [{ LOGIN_URL: login.url }, false]] as const) {
    const cwd = t.testdir({})
    await writeUsers(cwd)
    const broker = await brokerProcess({ cwd, settings: { PORT: '0', ...settings } })
    t.teardown(() => broker.kill('SIGKILL'))
    if (begins) await until(() => priorities(broker.pid).includes(19))
    else t.notOk(priorities(broker.pid).includes(19))
  }
})

t.test('as many run at once as there are cores', async t => {
  const { verify } = threads(t, `
    export default ({ password: milliseconds }) => {
      const began = Date.now()
      while (Date.now() < began + Number(milliseconds));
      return [began, Date.now()]
    }`)
  const times = await Promise.all(Array.from({ length: 3 * availableParallelism() }, () => verify(hash, '60'))) as unknown as Array<[number, number]>
  const atOnce = times.map(([began]) => times.filter(([start, end]) => start <= began && began < end).length)
  t.ok(Math.max(...atOnce) <= availableParallelism(), inspect(atOnce))
})

t.test('a thread is given the hash and the password, and nothing of the environment', async t => {
  const { verify } = threads(t, 'export default task => JSON.stringify([task, process.env])')
  t.equal(await verify(hash, 'a password'), JSON.stringify([{ hash, password: 'a password' }, {}]))
})

t.test('a thread that ends fails the one login it had, and is replaced', async t => {
  const { verify } = threads(t, `
    const deaths = {
      exits: () => process.exit(1),
      crashes: () => setImmediate(() => { throw Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }) })
    }
    export default ({ password }) => password in deaths ? new Promise(deaths[password]) : true`)
  for (const [password, code] of [['exits', 'no code'], ['crashes', 'ERR_WORKER_OUT_OF_MEMORY']] as const) {
    const [dying, ...others] = await Promise.allSettled([password, 'x', 'x', 'x'].map(password => verify(hash, password)))
    t.has(dying, { status: 'rejected', reason: failed(code) })
    t.same(others.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled'])
    t.equal(await verify(hash, 'x'), true)
  }
})

t.test('a thread that ends while it has nothing to do takes nobody along', async t => {
  const { verify } = threads(t, `export default ({ password }) => {
    if (password === 'crashes') setImmediate(() => { throw new Error('out of memory') })
    return true
  }`)
  t.equal(await verify(hash, 'crashes'), true)
  await until(() => verify(hash, 'x').catch(() => false))
})

t.test('what a thread says of its failure is not passed on, for it may hold what it was given', async t => {
  const { verify } = threads(t, 'export default ({ hash, password }) => { throw new TypeError(hash + password, { cause: hash }) }')
  const error: unknown = await verify(hash, 'a password').catch((error: unknown) => error)
  t.has(error, failed('no code'))
  t.notMatch(inspect(error, { depth: Infinity, showHidden: true }), /a-stored-hash|a password/)
})

t.test('threads that cannot begin leave no login waiting for ever, and begin once they can', async t => {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const { verify, filename } = threads(t, 'throw new Error("this cannot begin")', 500)
  for (let round = 0; round < 3; round++) {
    const logins = await Promise.allSettled(Array.from({ length: 5 }, () => verify(hash, 'x')))
    t.same(logins.map(login => login.status === 'rejected' && login.reason.code), Array(5).fill('store-unavailable'))
  }
  writeFileSync(filename, 'export default () => true')
  await until(() => verify(hash, 'x').catch(() => false))
})
