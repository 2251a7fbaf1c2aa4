import { hash } from '@node-rs/argon2'
import type { Test } from 'tap'
import type { CallerStore } from '../../../src/callers/store.js'
import { cheaply } from '../../helpers/cheaply.js'
import { login } from '../../helpers/login.js'

/** A caller as the place behind a store keeps it. */
export interface Account {
  readonly name: string
  readonly password: string
  readonly hash: string
}

/** A store to be tested, over `accounts`. */
export interface Subject {
  readonly store: CallerStore
  /** How often the store asked the place where callers are kept; left out by a store that has them in memory. */
  readonly lookUps?: () => number
  /** How many passwords were hashed; left out by a store that leaves this to others. */
  readonly hashes?: () => number
  /** Takes away the place where callers are kept; left out by a store that has them in memory. */
  readonly takeAway?: () => Promise<void>
}

const longest = 'p'.repeat(1024)

/** Names that have meant something to a language, a shell or a database. */
const oddNames = [
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'true', '0', '-1', '1e9', '%', '_', '\\', '$1', '%00', '..',
  'o\'brien', '\' OR \'1\'=\'1', '\'; DROP TABLE callers; --', '"', '`id`', '$(id)', '<script>', 'a b', 'a\u00a0b', 'zo\u00eb', '\u212b'.normalize('NFC'),
  '\u{1f469}\u200d\u{1f680}', 'x'.repeat(121), '\u{1f600}'.repeat(121)
]

const unknownNames = ['nobody', 'Susan', 'susan ', 'susa', 'susann', 'zoe\u0308', '__defineGetter__', 'valueOf', 'susan\' --', '\' OR 1=1 --', 'susan\\', 'SUSA_', 'susan%']

const passwords: Array<[name: string, password: string]> = [
  ['susan', 'correct horse battery staple'],
  ['colon', 'with:colon:'],
  ['juan', 'contrase\u00f1a \u{1f511} "quoted" \\ {} \' --'],
  ['long', longest],
  ...oddNames.map((name, index): [string, string] => [name, `password ${index}`])
]

export async function makeAccounts (): Promise<Account[]> {
  return Promise.all(passwords.map(async ([name, password]) => ({ name, password, hash: await hash(password, cheaply) })))
}

/** What every store keeps, whatever is behind it. */
export async function conforms (t: Test, { store, lookUps, hashes, takeAway }: Subject) {
  const verify = async (name: string, password: string, from = login()) => {
    const caller = await store.verify(name, password, from)
    // Null and nothing else is a no; what else a store keeps in its callers is its own business.
    return caller === null ? null : { name: caller.name, identity: caller.identity }
  }

  for (const [name, password] of passwords) {
    await t.test(`${JSON.stringify(name)} gets in with its password, as itself, and with no other`, async t => {
      t.strictSame(await verify(name, password), { name, identity: name })
      for (const wrong of [`${password}x`, password.slice(0, -1)]) {
        t.equal(await verify(name, wrong), null)
      }
    })
  }

  for (const name of unknownNames) {
    await t.test(`${JSON.stringify(name)}, whom nobody is called, does not get in`, async t => {
      for (const password of ['correct horse battery staple', 'undefined', 'null']) t.equal(await verify(name, password), null)
    })
  }

  await t.test('every byte of a long password counts', async t => {
    for (const place of [0, 71, 72, 1023]) t.equal(await verify('long', `${longest.slice(0, place)}q${longest.slice(place + 1)}`), null)
  })

  await t.test('nobody gets in as another, however many sign in at once', async t => {
    const everyone = Array.from({ length: 200 }, (_, index) => {
      const [name] = passwords[index % passwords.length]!
      const [, password] = passwords[(index % 3 === 0 ? index + 1 : index) % passwords.length]!
      return { name, password, right: index % 3 !== 0, ip: `192.0.2.${index}` }
    })
    const answers = await Promise.all(everyone.map(({ name, password, ip }) => verify(name, password, { ...login(), ip })))
    t.strictSame(answers, everyone.map(({ name, right }) => right ? { name, identity: name } : null))
  })

  await t.test('S91: a wrong password and an unknown name cost the same: one look-up, one hash', async t => {
    for (const name of ['susan', 'nobody', '__defineGetter__']) {
      const before = [lookUps?.(), hashes?.()]
      t.equal(await verify(name, 'wrong'), null)
      t.same([lookUps?.(), hashes?.()], before.map(count => count === undefined ? undefined : count + 1))
    }
  })

  await t.test('a caller that got in is current, and may be remembered for a time', async t => {
    const caller = await store.verify('susan', 'correct horse battery staple', login())
    t.ok(caller && store.isCurrent(caller))
    t.ok(store.cacheMs > 0)
  })

  await t.test('who has hung up costs no look-up and no hash', async t => {
    const before = [lookUps?.(), hashes?.()]
    const gone = new Error('gone')
    await t.rejects(store.verify('susan', 'correct horse battery staple', { ...login(), signal: AbortSignal.abort(gone) }), gone)
    t.same([lookUps?.(), hashes?.()], before)
  })

  if (takeAway) {
    await t.test('when the callers are out of reach the store says so, to known and unknown names alike', async t => {
      await takeAway()
      for (const name of ['susan', 'nobody']) {
        await t.rejects(verify(name, 'correct horse battery staple'), { code: 'store-unavailable', status: 503, options: { retryAfter: Number } })
      }
    })
  }

  await t.test('it closes', async () => store.close())
}
