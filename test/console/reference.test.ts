import t from 'tap'
import { offersOf, type Allow, type Bounds, type Description, type Offers, type Schema } from '../../src/console/available-products.js'
import { exampleFor, ownAnswer } from '../../src/console/example-body.js'
import { obstacleOf, ownBody, ownFields } from '../../src/console/own-schema.js'
import { isSendable, needsProof, propertiesOf, routeAt, routesOf, whoInWords, type Entry } from '../../src/console/reference.js'
import { formInWords } from '../../src/console/schema-text.js'
import { startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'

const broker = await startBroker({ settings: { OPERATORS: 'susan', POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': 'rules: [{ who: [susan], allow: { video: {}, voice: {} } }]' } })
t.teardown(broker.close)
const description: Description = JSON.parse((await ask(broker.url, { method: 'GET', path: '/openapi.json', as: susan })).text)
const routes = routesOf(description, ['voice', 'video'])
const entries = routes.flatMap(({ tabs }) => tabs.flatMap(({ entries }) => entries))
const entry = (id: string) => entries.find(entry => entry.id === id)!

t.test('the reference has one route for all products, then the others, and every operation once', t => {
  t.equal(entries.length, Object.values(description.paths).reduce((sum, operations) => sum + Object.keys(operations).length, 0))
  t.equal(new Set(entries.map(({ id }) => id)).size, entries.length)
  t.strictSame(routes.slice(0, 3).map(({ id, path }) => [id, path]), [['token-product', '/token/{product}'], ['token', '/token'], ['session', '/session']])
  t.strictSame(routes[0]!.tabs.map(({ name, entries }) => [name, entries.map(({ method }) => method)]), ['voice', 'video', 'chat', 'conversations', 'sync'].map(name => [name, ['POST', 'GET']]))
  t.ok(routes.slice(1).every(({ tabs }) => tabs.length === 1))
  t.end()
})

t.test('an operation has its body, its answers, and each refusal with its sentence', t => {
  const { body, answers, refusals } = entry('post-token-video')
  t.has(body, { schema: { properties: { room: {} } }, example: { room: 'My Room' } })
  t.has(answers, [{ status: '200', type: 'application/json', content: { schema: { $ref: '#/components/schemas/Token' } } }])
  t.has(refusals.find(({ code }) => code === 'not-allowed'), { status: '403', says: 'The policy does not allow this request.' })
  t.ok(refusals.every(({ code, says }) => /^[a-z-]+$/.test(code) && says.endsWith('.')))
  t.has(entry('delete-session').answers, [{ status: '204', type: undefined, content: undefined }])
  t.has(routesOf({ ...description, paths: { '/x': { get: { responses: { 400: { description: 'broken', content: { 'application/problem+json': { schema: {} } } } } } } } }, [])[0]!.tabs[0]!.entries[0]!.refusals, [{ code: 'broken', says: '' }])
  t.end()
})

t.test('a link to a route, to one operation or to neither is found as such', t => {
  const at = (id: string) => {
    const found = routeAt(routes, id)
    return found && [found.route.id, found.name]
  }
  t.strictSame(['token-product', 'get-token-sync', 'post-token', 'Problem'].map(at), [['token-product', undefined], ['token-product', 'sync'], ['token', ''], undefined])
  t.end()
})

t.test('it says who may call an operation, and only what the reader may call and read can be sent', t => {
  const cases: Array<{ id: string, who: string, sendable: boolean }> = [
    { id: 'post-token-video', who: 'You may call this.', sendable: true },
    { id: 'get-token-video', who: 'You may call this.', sendable: true },
    { id: 'post-token-sync', who: 'You may not call this.', sendable: false },
    { id: 'get-operator.json', who: 'You may call this.', sendable: true },
    { id: 'get-metrics', who: 'You may call this.', sendable: false },
    { id: 'get-healthz', who: 'Anyone may call this, without credentials.', sendable: true },
    { id: 'post-session', who: 'You may call this.', sendable: false },
    { id: 'delete-session', who: 'You may call this.', sendable: false }
  ]
  t.strictSame(cases.filter(({ id }) => needsProof(entry(id))).map(({ id }) => id), ['post-session', 'delete-session'])
  for (const { id, who, sendable } of cases) t.strictSame([whoInWords(entry(id).operation), isSendable(entry(id))], [who, sendable], id)
  t.end()
})

t.test('an example asks for what the policy lets its reader have', t => {
  const offers = (allowed: Record<string, Allow>, maxTtl = 3600) => ({
    products: Object.entries(allowed).map(([name, allow]) => ({ name, allow })), bounds: { maxTtl }
  }) as Offers
  const [one, voice, several] = ['post-token-video', 'post-token-voice', 'post-token'].map(entry)
  const cases: Array<{ of: Entry, offers: Offers, is: object | undefined }> = [
    { of: one!, offers: offers({ video: {} }), is: { room: 'My Room', ttl: 600 } },
    { of: one!, offers: offers({ video: { rooms: ['x', 'My Room'] } }), is: { room: 'x', ttl: 600 } },
    { of: one!, offers: offers({ video: { rooms: ['support-*'] } }, 300), is: { room: 'support-1', ttl: 300 } },
    { of: one!, offers: offers({ video: { rooms: [], maxTtl: 200 } }), is: { room: 'My Room', ttl: 200 } },
    { of: one!, offers: offers({}), is: { room: 'My Room', ttl: 600 } },
    { of: voice!, offers: offers({ voice: { outgoing: true } }), is: { outgoing: true, params: { To: 'bob' }, ttl: 600 } },
    { of: voice!, offers: offers({ voice: { incoming: true } }), is: { ttl: 600 } },
    { of: voice!, offers: offers({ voice: { outgoing: true, params: { To: ['+1*'], From: [] } } }), is: { outgoing: true, params: { To: '+11' }, ttl: 600 } },
    { of: several!, offers: offers({ video: { rooms: ['x'], maxTtl: 240 }, sync: {} }), is: { products: { video: { room: 'x' } }, ttl: 240 } },
    { of: several!, offers: offers({ sync: {} }), is: { ttl: 600 } },
    { of: entry('post-session'), offers: offers({}), is: {} },
    { of: entry('get-token-video'), offers: offers({}), is: undefined }
  ]
  for (const { of, offers, is } of cases) t.same(exampleFor(of, offers), is, `${of.id} ${JSON.stringify(offers)}`)
  t.end()
})

t.test('an example of an answer is what its reader would get now', t => {
  const bounds = { identity: 'maria', ttl: 900 } as Bounds
  const answerOf = (id: string) => entry(id).answers[0]!.content!.example
  const inSeconds = (expiresAt: string) => Math.round((Date.parse(expiresAt) - Date.now()) / 1000)
  const token = ownAnswer(answerOf('post-token-video'), { ttl: 600 }, bounds) as { identity: string, expiresIn: number, expiresAt: string }
  t.match(token, { token: 'eyJ…', identity: 'maria', expiresIn: 600 })
  t.ok(Math.abs(inSeconds(token.expiresAt) - 600) < 60)
  t.notOk('now' in token)
  t.match(ownAnswer(answerOf('get-token-video'), undefined, bounds), { identity: 'maria', expiresIn: 900 })
  const session = ownAnswer(answerOf('post-session'), {}, bounds) as { identity: string, expiresIn: number, now: number }
  t.match(session, { identity: 'maria', expiresIn: 43_200 })
  t.ok(Math.abs(session.now - Date.now() / 1000) < 60)
  t.strictSame(ownAnswer(answerOf('get-healthz'), undefined, bounds), { alive: true })
  t.equal(ownAnswer('text', undefined, bounds), 'text')
  t.end()
})

/** What a caller may have whose rule of the policy has these entries. */
function offersWith (allowed: Record<string, Allow>, identities: string[] = []): Offers {
  const { products, ...offers } = offersOf(description)
  return {
    ...offers,
    products: products.flatMap(offer => offer.name in allowed ? [{ ...offer, allow: allowed[offer.name]! }] : []),
    bounds: { name: 'susan', identity: 'susan', ttl: 3600, maxTtl: 7200, identities }
  }
}

t.test('a body is described as far as the policy leaves it to its reader', t => {
  const body = (id: string, allowed: Record<string, Allow>, identities?: string[]) => ownBody(entry(id), entry(id).body!.schema, offersWith(allowed, identities))
  const video = (allow: Allow, identities?: string[]) => body('post-token-video', { video: allow }, identities)
  const cases: Array<{ is: Schema, as: object, without?: string }> = [
    { is: video({ rooms: ['a-*', 'b'] }), as: { required: ['room'], properties: { room: { maxLength: 128, description: 'a-* or b, where * is any text' } } }, without: 'identity' },
    { is: video({ rooms: ['a', 'b'] }), as: { required: ['room'], properties: { room: { enum: ['a', 'b'], description: 'what the policy allows you' } } } },
    { is: video({ rooms: ['a'] }), as: { required: [], properties: { room: { enum: ['a'], description: 'the only one that the policy allows you; default: a' } } } },
    { is: video({ rooms: [] }), as: { properties: { room: { enum: undefined, description: 'the policy allows none' } } } },
    { is: video({}), as: { required: [], properties: { room: { enum: undefined, description: /default: any room/ } } } },
    { is: video({}), as: { properties: { ttl: { minimum: 180, maximum: 7200, description: 'seconds that the token lives, for you at most 2 hours; default: 3600' } } } },
    { is: video({ maxTtl: 600 }), as: { properties: { ttl: { maximum: 600, description: /at most 10 minutes; default: 600$/ } } } },
    { is: video({}, ['guest-*']), as: { properties: { identity: { description: /your own, or guest-\*/ } } } },
    { is: body('post-token-voice', { voice: { outgoing: true, params: { To: ['+1*'] } } }), as: { properties: { incoming: { description: 'the policy does not allow it', enum: undefined }, params: { description: 'passed to the TwiML app with each outgoing call; allowed: To=+1*' } } } },
    { is: body('post-token', { video: { rooms: ['a', 'b'] } }), as: { properties: { products: { properties: { video: { required: ['room'], properties: { room: { enum: ['a', 'b'] } } }, voice: undefined } }, ttl: { maximum: 7200 }, username: {} } }, without: 'identity' },
    { is: body('post-token-sync', { video: {} }), as: entry('post-token-sync').body!.schema },
    { is: body('post-session', { video: {} }), as: entry('post-session').body!.schema },
    { is: ownBody(entry('post-session'), {}, offersWith({})), as: {} }
  ]
  for (const { is, as, without } of cases) {
    t.match(is, as, JSON.stringify(as))
    if (without !== undefined) t.notOk(Object.hasOwn(is.properties!, without), `no ${without}`)
  }
  t.end()
})

t.test('what always fails for its reader says why', t => {
  const cases: Array<{ id: string, allowed: Record<string, Allow>, is: string | undefined }> = [
    { id: 'get-token-video', allowed: { video: { rooms: ['a-*'] } }, is: 'a room has to be named. Use POST' },
    { id: 'get-token-video', allowed: { video: { rooms: ['a', 'b'] } }, is: 'a room has to be named. Use POST' },
    { id: 'post-token-video', allowed: { video: { rooms: ['a', 'b'] } }, is: undefined },
    { id: 'get-token-video', allowed: { video: { rooms: ['a'] } }, is: undefined },
    { id: 'get-token-video', allowed: { video: {} }, is: undefined },
    { id: 'get-token-video', allowed: { video: { rooms: [] } }, is: 'the policy allows you no room' },
    { id: 'post-token-video', allowed: { video: { rooms: [] } }, is: 'the policy allows you no room' },
    { id: 'get-token-voice', allowed: { voice: { incoming: true } }, is: undefined },
    { id: 'get-token-voice', allowed: { voice: { incoming: false, outgoing: false } }, is: 'the policy allows you no incoming, outgoing' },
    { id: 'get-token-sync', allowed: { video: {} }, is: undefined },
    { id: 'get-healthz', allowed: {}, is: undefined }
  ]
  for (const { id, allowed, is } of cases) t.equal(obstacleOf(entry(id), ownFields(entry(id), offersWith(allowed))), is, `${id} ${JSON.stringify(allowed)}`)
  t.end()
})

t.test('properties are listed with those inside them, and whether they have to be there', t => {
  const schema: Schema = {
    required: ['a'],
    properties: { a: { type: 'object', properties: { b: {} } }, c: { type: 'array', items: { properties: { d: {} }, required: ['d'] } } }
  }
  t.strictSame(propertiesOf(schema).map(({ path, required }) => [path, required]), [['a', true], ['a.b', false], ['c', false], ['c[].d', true]])
  t.strictSame(propertiesOf({}), [])
  t.end()
})

t.test('a schema is described in words', t => {
  const cases: Array<[Schema, string]> = [
    [{ type: 'string', minLength: 1, maxLength: 128 }, 'string, 1 to 128 characters'],
    [{ type: 'integer', minimum: 180, maximum: 86400 }, 'integer, 180 to 86400'],
    [{ type: 'array', items: { type: 'string' } }, 'list of string'],
    [{ type: 'object', patternProperties: { x: { type: 'string' } } }, 'object of string by name'],
    [{ type: 'string', format: 'date-time' }, 'date and time, ISO 8601'],
    [{ anyOf: [{ const: 'a' }, { type: 'integer' }] }, '"a" or integer'],
    [{ enum: ['a', 'b'] }, 'one of a, b'],
    [{ $ref: '#/components/schemas/Token' }, 'Token'],
    [{}, 'anything'],
    [{ type: 'string', maxLength: 3 }, 'string, at most 3 characters'],
    [{ type: 'integer', minimum: 1 }, 'integer']
  ]
  for (const [schema, words] of cases) t.equal(formInWords(schema), words)
  t.end()
})
