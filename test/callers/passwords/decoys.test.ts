import { hash as argon2 } from '@node-rs/argon2'
import { hash as bcrypt } from '@node-rs/bcrypt'
import t, { type Test } from 'tap'
import { basic, secrets, startBroker } from '../../helpers/broker.js'
import { cheaply } from '../../helpers/cheaply.js'
import { ask } from '../../helpers/http.js'

const cheap = await argon2('secret123', cheaply)
const costly = await bcrypt('secret123', 5)

/** So many callers with the one hash, then so many with the other. */
const file = (many: number, few: number) =>
  Array.from({ length: many + few }, (_, i) => `caller${i}:${i < many ? cheap : costly}\n`).join('')

/** Asks which kind of hash a name costs. */
async function broker (t: Test, users: string, settings: Record<string, string> = {}) {
  const verified: string[] = []
  const broker = await startBroker({
    files: { users },
    settings: { USERS_FILE: 'users', ...settings },
    async verifyHash (hash) {
      verified.push(hash)
      return false
    }
  })
  t.teardown(broker.close)
  return {
    write: broker.write,
    reload: broker.reload,
    async cost (name: string) {
      verified.length = 0
      t.equal((await ask(broker.url, { as: basic(name, 'wrong') })).status, 401)
      t.equal(verified.length, 1)
      return verified[0]!.startsWith('$2y$05') ? 'costly' : 'cheap'
    }
  }
}

const unknown = Array.from({ length: 160 }, (_, i) => `nobody${i}`)

async function costsOf (names: string[], cost: (name: string) => Promise<string>) {
  const costs = []
  for (const name of names) costs.push(await cost(name))
  return costs
}

t.test('S92: an unknown name costs what a name of this file costs, in the file\'s proportions', async t => {
  for (const [many, few] of [[19, 1], [10, 10], [1, 19]] as const) {
    const { cost } = await broker(t, file(many, few))
    const share = (await costsOf(unknown, cost)).filter(cost => cost === 'costly').length / unknown.length
    // Five times the deviation that chance has.
    const expected = few / (many + few)
    const chance = 5 * Math.sqrt(expected * (1 - expected) / unknown.length)
    t.ok(Math.abs(share - expected) < chance, `${share} of ${expected}`)
    t.equal(await cost('caller0'), 'cheap')
    t.equal(await cost(`caller${many}`), 'costly')
  }
})

t.test('S93: the same unknown name costs the same each time, on every node and after a restart, and by another secret not', async t => {
  const users = file(10, 10)
  const one = await costsOf(unknown, (await broker(t, users)).cost)
  t.same(await costsOf(unknown, (await broker(t, users)).cost), one)
  const other = { TWILIO_API_KEY_SECRET: [...secrets.keySecret].reverse().join('') }
  t.notSame(await costsOf(unknown, (await broker(t, users, other)).cost), one)
})

t.test('a file that changes a little, or only its order, moves few unknown names to another cost, and only towards what there is more of', async t => {
  const { cost, write, reload } = await broker(t, file(100, 100))
  const before = await costsOf(unknown, cost)
  await write('users', file(100, 100).trim().split('\n').reverse().join('\n'))
  await reload()
  t.same(await costsOf(unknown, cost), before)
  await write('users', file(100, 101))
  await reload()
  const moved = (await costsOf(unknown, cost)).filter((cost, i) => cost !== before[i])
  t.ok(moved.length < 10, `${moved.length} of ${unknown.length}`)
  t.ok(moved.every(cost => cost === 'costly'))
})
