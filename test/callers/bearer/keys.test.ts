import { mock } from 'node:test'
import t from 'tap'
import { ProviderKeys } from '../../../src/callers/bearer/keys.js'
import { keySetOf } from '../../../src/callers/bearer/key-set.js'
import { BearerTokens } from '../../../src/callers/bearer/tokens.js'
import { KeysError } from '../../../src/callers/bearer/keys-error.js'
import type { Problem } from '../../../src/problems.js'
import { bearerRules } from '../../../src/settings/jwt.js'
import { clock } from '../../helpers/clock.js'
import { p384, ps256, ed25519 } from '../../helpers/hostile-bearers.js'
import { newEcKey, newRsaKey, startProvider, type ProviderKey } from '../../helpers/provider.js'

const minute = 60_000
const hour = 60 * minute
const old = newEcKey('old', { alg: 'ES256' })
const fresh = newEcKey('fresh', { alg: 'ES256' })
const provider = await startProvider({ rsa: old })
t.teardown(provider.close)

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
t.afterEach(() => mock.timers.reset())

/** A keeper over keys that a test exchanges, with a clock that it moves. */
function keeper (settings = {}) {
  const time = clock()
  const endpoint = { keys: [old] as ProviderKey[], reads: 0, failure: undefined as Error | undefined }
  const log: string[] = []
  const write = (message: string) => { log.push(message) }
  const keys = new ProviderKeys({
    source: {
      async read () {
        endpoint.reads++
        if (endpoint.failure !== undefined) throw endpoint.failure
        return { keys: endpoint.keys.map(({ jwk }) => jwk) }
      }
    },
    log: { info: write, warn: write },
    now: time.now
  })
  t.teardown(() => keys.close())
  const bearer = new BearerTokens({ keys, rules: bearerRules({ JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', ...settings })! })
  const token = (key: ProviderKey, header: object = {}) => provider.token({ key, header: { alg: 'ES256', ...header } })
  return {
    keys,
    endpoint,
    log,
    token,
    pass (ms: number) {
      time.pass(ms)
      mock.timers.tick(ms)
    },
    /** The name, or the code of the refusal. */
    ask: async (token: string): Promise<string> => {
      try {
        return (await bearer.authenticate(token, () => {})).name
      } catch (error) {
        return (error as Problem).code
      }
    }
  }
}

t.test('keys are fetched at the start and every ten minutes', async t => {
  const { keys, endpoint, pass, ask, token } = keeper()
  t.same(await keys.start(), [])
  t.equal(endpoint.reads, 1)
  pass(10 * minute - 1)
  t.equal(endpoint.reads, 1)
  endpoint.keys = [fresh]
  pass(1)
  await keys.refresh()
  t.equal(endpoint.reads, 2, 'a try under way is joined')
  t.equal(await ask(token(fresh)), 'jwt:auth0|42')
  pass(30_000)
  t.equal(await ask(token(old)), 'bearer-wrong', 'what is no longer published signs nothing')
})

t.test('300 unknown keys are at most one fetch, and that only half a minute after the last try', async t => {
  const { keys, endpoint, pass, ask, token } = keeper()
  await keys.start()
  const flood = () => Promise.all(Array.from({ length: 300 }, (_, i) => ask(token(fresh, { kid: `unknown-${i}` }))))
  t.same(new Set(await flood()), new Set(['bearer-wrong']))
  t.equal(endpoint.reads, 1)
  pass(30_000)
  t.same(new Set(await flood()), new Set(['bearer-wrong']))
  t.equal(endpoint.reads, 2)
})

t.test('the first token of a new key is taken within its request, by one fetch', async t => {
  const { keys, endpoint, pass, ask, token } = keeper()
  await keys.start()
  pass(30_000)
  endpoint.keys = [fresh, old]
  t.same(await Promise.all([ask(token(fresh)), ask(token(fresh)), ask(token(old))]), ['jwt:auth0|42', 'jwt:auth0|42', 'jwt:auth0|42'])
  t.equal(endpoint.reads, 2)
})

t.test('the cooldown counts from the last try, also where that failed; what nobody can look up is an outage', async t => {
  const { keys, endpoint, pass, ask, token, log } = keeper()
  await keys.start()
  endpoint.failure = new KeysError('the key set was answered with status 500')
  pass(30_000)
  t.equal(await ask(token(fresh)), 'keys-unavailable')
  t.equal(await ask(token(fresh)), 'keys-unavailable')
  t.equal(endpoint.reads, 2)
  t.equal(await ask(token(old)), 'jwt:auth0|42', 'the last good set serves')
  t.ok(keys.ready)
  endpoint.failure = undefined
  pass(30_000)
  t.equal(await ask(token(fresh)), 'bearer-wrong')
  t.same(log, ['the keys of JWT_ISSUER cannot be read; the last good ones serve for a day: the key set was answered with status 500', 'the keys of JWT_ISSUER can be read again'])
})

t.test('the last good set serves for 24 hours, then nothing does until there is a new one', async t => {
  const { keys, endpoint, pass, ask, token, log } = keeper()
  await keys.start()
  const right = token(old)
  endpoint.failure = new Error('socket hang up')
  pass(24 * hour - 1)
  t.equal(await ask(right), 'jwt:auth0|42')
  t.ok(keys.ready)
  pass(1)
  t.notOk(keys.ready)
  await keys.refresh()
  t.match(log.at(-1), /bearer tokens are refused with 503 until they can be: Error: socket hang up/, 'and the log says when that is over')
  t.equal(await ask(right), 'keys-unavailable', 'a remembered token no more than others')
  endpoint.failure = undefined
  await keys.refresh()
  t.equal(await ask(right), 'jwt:auth0|42')
  t.match(log[0], /socket hang up/)
})

t.test('without keys it tries every ten seconds', async t => {
  const { keys, endpoint, pass, ask, token, log } = keeper()
  endpoint.failure = new KeysError('the discovery document cannot be fetched (ECONNREFUSED)')
  t.same(await keys.start(), [], 'an outage is no mistake')
  t.match(log.at(-1), /cannot be read; bearer tokens are refused with 503 until they can be: the discovery document cannot be fetched \(ECONNREFUSED\)/)
  t.notOk(keys.ready)
  t.equal(await ask(token(old)), 'keys-unavailable')
  for (const reads of [2, 3]) {
    pass(10_000)
    await keys.refresh()
    t.equal(endpoint.reads, reads)
  }
  t.equal(log.length, 1, 'one cause is one line')
  endpoint.failure = undefined
  pass(10_000)
  t.equal(await ask(token(old)), 'jwt:auth0|42', 'a request waits for the try under way')
  t.ok(keys.ready)
})

t.test('once closed it fetches nothing more', async t => {
  const { keys, endpoint, pass } = keeper()
  const starting = keys.start()
  keys.close()
  await starting
  pass(24 * hour)
  t.equal(endpoint.reads, 1)
})

t.test('a right token is remembered for a minute, and not beyond its end', async t => {
  const { keys, ask, endpoint } = keeper()
  await keys.start()
  const known = mock.method(globalThis.crypto.subtle, 'verify')
  t.teardown(() => known.mock.restore())
  const verified = () => known.mock.callCount()
  const lives = (seconds: number) => provider.token({ key: old, header: { alg: 'ES256' }, claims: { exp: Math.floor(Date.now() / 1000) + seconds } })
  const real = performance.now.bind(performance)
  const [long, over] = [lives(300), lives(-30)]
  for (let i = 0; i < 3; i++) t.equal(await ask(long), 'jwt:auth0|42')
  t.equal(verified(), 1)
  performance.now = () => real() + 60_000
  t.teardown(() => { performance.now = real })
  t.equal(await ask(long), 'jwt:auth0|42')
  t.equal(verified(), 2, 'after a minute it is checked again')
  for (let i = 0; i < 3; i++) t.equal(await ask(over), 'jwt:auth0|42', 'clocks may differ by a minute')
  t.equal(verified(), 5)
  endpoint.keys = [fresh]
  await keys.refresh()
  t.equal(await ask(long), 'bearer-wrong', 'by other keys it is another question')
})

t.test('a set is cut down to the keys that signatures may be checked by, and one without any is none', async t => {
  const { jwk } = old
  t.same(keySetOf({ keys: [jwk, ...[{ use: 'enc' }, { d: 'x' }, { kty: 'oct' }, { y: 'AAAA' }].map(change => ({ ...jwk, ...change })), null, 'x'] }).keys, [jwk])
  const short = newRsaKey('short', {}, 1024).jwk
  const bad: Array<{ name: string, set: unknown, message: RegExp }> = [
    { name: 'nothing', set: undefined, message: /not a JSON object with a list "keys"/ },
    { name: 'a list', set: [], message: /not a JSON object/ },
    { name: 'keys that are no list', set: { keys: {} }, message: /not a JSON object/ },
    { name: 'no keys', set: { keys: [] }, message: /no public key for signatures/ },
    { name: 'keys that cannot be used', set: { keys: [short, { ...jwk, use: 'enc' }] }, message: /no public key for signatures/ },
    { name: 'more than 100', set: { keys: Array(101).fill(jwk) }, message: /more than 100 keys/ }
  ]
  for (const { name, set, message } of bad) t.throws(() => keySetOf(set), { name: 'KeysError', message }, name)
  t.equal(keySetOf({ keys: Array(100).fill(jwk) }).keys.length, 100)
})

t.test('every algorithm that can be set is taken, Ed25519 by both of its names, and a token without kid by the one key that fits', async t => {
  const { keys, endpoint, ask } = keeper({ JWT_ALGORITHMS: 'RS256,PS256,ES256,ES384,Ed25519' })
  const rsa = newRsaKey('rsa-1')
  endpoint.keys = [rsa, ps256, old, p384, ed25519]
  await keys.start()
  for (const [alg, key] of [['RS256', rsa], ['PS256', ps256], ['ES256', old], ['ES384', p384], ['EdDSA', ed25519], ['Ed25519', ed25519]] as const) {
    for (const kid of [key.jwk.kid, undefined]) t.equal(await ask(provider.token({ key, header: { alg, kid } })), 'jwt:auth0|42', alg)
  }
})
