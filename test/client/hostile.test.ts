import t, { type Test } from 'tap'
import { FakeDevice, minute, problem, setUp, type Asked, type Reply } from './world.js'

const token = (expiresIn: unknown, more: object = {}): Reply => ({ status: 200, body: { token: 'x', expiresIn, ...more } })

/** The answer to every request. */
const answers: Record<string, Reply | undefined> = {
  'a new token each time': undefined,
  'the same token': token(3600),
  'the same token with the shortest life': token(30),
  'a life of 0': token(0),
  'a negative life': token(-3600),
  'a life of a millisecond': token(0.001),
  'a life of a second': token(1),
  'a life that is no number': token('soon'),
  'a life without an end': { status: 200, body: '{"token":"x","expiresIn":1e999}' },
  'a life of NaN': { status: 200, body: '{"token":"x","expiresIn":NaN}' },
  'no life': { status: 200, body: { token: 'x' } },
  'an empty token': token(3600, { token: '' }),
  'a token that is no text': token(3600, { token: 42 }),
  'an array': { status: 200, body: [] },
  null: { status: 200, body: null },
  'an empty body': { status: 200, body: '' },
  'status 201 with the same token': { status: 201, body: { token: 'x', expiresIn: 3600 } },
  'status 204': { status: 204, body: '' },
  'a page': { status: 200, body: '<!doctype html><title>Sign in</title>', headers: { 'Content-Type': 'text/html' } },
  'a redirect': { status: 0, body: '' },
  'a body that never ends': { status: 200, stalls: true },
  'a refusal whose body never ends': { status: 503, stalls: true },
  'no answer': 'no answer',
  silence: 'silence',
  'a proxy\'s 401': { status: 401, body: '<html>' },
  'a proxy\'s 404': { status: 404, body: '<html>' },
  'a proxy\'s 502': { status: 502, body: '<html>' },
  'a refusal without its code': { status: 403, body: { detail: 'No.' } },
  'a refusal whose code is no text': { status: 429, body: { code: 429, detail: 'No.' } },
  'wrong credentials': problem(401, 'credentials-wrong'),
  'a refused request': problem(400, 'request-invalid'),
  'a refusal of the policy': problem(403, 'not-allowed'),
  'an unknown status': problem(299, 'not-allowed'),
  ...Object.fromEntries(['0', '-1', '-0', '0.001', '1', '', ' ', '1e9', '31536000', 'Infinity', '-Infinity', 'NaN', 'soon', '1, 2', '0x1', 'Fri, 31 Dec 1999 23:59:59 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT']
    .flatMap(retryAfter => [429, 503].map(status => [`${status} with Retry-After: ${retryAfter}`, problem(status, 'overloaded', { 'Retry-After': retryAfter })])))
}

/** All that an SDK and a page can do to make the client ask. */
const unrest = (world: ReturnType<typeof setUp>['world'], device: FakeDevice) => {
  device.emit('tokenWillExpire')
  device.emit('error', { code: 20104 })
  for (const event of ['online', 'visibilitychange', 'pageshow'] as const) world.wake(event)
}

/** The most requests in any minute. */
function busiest (times: number[]): number {
  return Math.max(...times.map(from => times.filter(at => at >= from && at <= from + minute).length))
}

/** Keeps a device for a while, restlessly or not, and counts. */
async function keepUnder (t: Test, { always, answer, ttl = 3600, restless, session }: { always?: Reply | undefined, answer?: (asked: Asked) => Reply | undefined, ttl?: number, restless: boolean, session: boolean }) {
  const { world, broker, errors } = setUp(t, { session })
  Object.assign(world, { ttl, always, ...(answer && { answer }) })
  const device = new FakeDevice()
  broker.keep(device, 'voice')
  for (let steps = restless ? 30 : 0; steps > 0; steps--) {
    unrest(world, device)
    await world.pass(2500)
  }
  await world.pass(10 * minute)
  const most = busiest(world.asked.map(({ at }) => at))
  t.ok(most >= 1 && most <= 5, `${most} requests in the busiest minute`)
  t.ok(device.given.length <= world.asked.length && errors.length <= world.asked.length, 'and the SDK and the page hear no more than that')
  const closed = broker.close()
  await world.pass(minute)
  await closed
}

t.test('S147: whatever the broker answers, what is kept asks at most five times a minute', async t => {
  for (const [what, reply] of Object.entries(answers)) {
    for (const [ttl, restless] of [[3600, false], [3600, true], [30, false], [30, true]] as const) {
      // The life matters only where the answer does not say one.
      if (reply !== undefined && ttl === 30) continue
      const title = `${what}${ttl === 30 ? ' with the shortest life' : ''}${restless ? ', to an SDK that never has enough' : ''}`
      await t.test(title, t => keepUnder(t, { always: reply, ttl, restless, session: false }))
    }
  }
})

const session: Reply = { status: 201, body: { session: 'ttb_1', expiresIn: 43_200, now: 1_795_566_405 }, headers: { 'DPoP-Nonce': 'nonce' } }

t.test('the same with sessions', async t => {
  const proofs = Object.fromEntries(['session-ended', 'proof-stale', 'proof-replayed', 'proof-wrong', 'bearer-expired'].map(code => [code, problem(401, code, { 'DPoP-Nonce': 'another' })]))
  for (const [what, reply] of Object.entries({ ...answers, ...proofs, 'a session': session })) {
    // Of these, a few show that the others make no difference here.
    if (/Retry-After/.test(what) && !/: (0|1|Infinity)$/.test(what)) continue
    for (const restless of [false, true]) {
      const whom = restless ? ', to an SDK that never has enough' : ''
      await t.test(`${what} to all${whom}`, t => keepUnder(t, { always: reply, restless, session: true }))
      await t.test(`${what} to the sign-in${whom}`, t => keepUnder(t, { answer: ({ url }) => url.endsWith('/session') ? reply : undefined, restless, session: true }))
      await t.test(`${what} to all but the sign-in${whom}`, t => keepUnder(t, { answer: ({ url }) => url.endsWith('/session') ? session : reply, restless, session: true }))
    }
  }
})
