// What somebody writes who has installed the package; compiled, never run.
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify'
import { broker, StartError, type Authenticate, type BrokerOptions } from 'twilio-token-broker'
import { LockedError, RefusedError, TokenBroker, type Adaptable, type BrokerError, type Product, type TokenDetails } from 'twilio-token-broker/client'
import { tab } from 'twilio-token-broker/client/tab'
import { TokenBrokerProvider, useTokenBroker, useTwilio } from 'twilio-token-broker/client/react'
import { connect } from 'twilio-token-broker/client/video'
import { badRequest, chooseEach, defineProduct, forbid, Patterns, resolveFlag, Sid, testProduct, Type, type Ask, type GrantContext } from 'twilio-token-broker/product'

const authenticate: Authenticate = async (username, password, request) =>
  username === 'susan' && password.length > 8 && request.ip !== '' ? { identity: username } : null

const options: BrokerOptions = {
  prefix: '/twilio',
  settings: { TWILIO_ACCOUNT_SID: process.env['ACCOUNT'], TOKEN_TTL: 600, CONSOLE: false, AUDIT_LOG: 'audit.log', TWILIO_TASKROUTER_WORKSPACE_SID: 'WS' },
  authenticate,
  rememberFor: 60,
  onStart: ({ reload }) => { process.on('SIGHUP', () => { reload() }) }
}

const app = fastify()
app.register(broker, options)
app.register(broker, { ...options, prefix: '/other', authenticate: name => name === 'mia' ? {} : false })
// @ts-expect-error without a prefix of its own
app.register(broker, { settings: {}, authenticate })
// @ts-expect-error the application listens
app.register(broker, { ...options, settings: { PORT: 3000 } })
app.register(broker, { ...options, authenticate: () => true })
// @ts-expect-error a text is no answer
app.register(broker, { ...options, authenticate: () => 'mia' })
// @ts-expect-error what the broker keeps at its requests is its own
app.get('/', async request => request.caller)
app.ready().then(undefined, (error: unknown) => { if (error instanceof StartError) console.error(error.mistakes.join('\n')) })

const secure = fastify({ http2: true, https: {} })
secure.register(broker, options)
fastify({ logger: { level: 'warn' } }).register(broker, options)

declare module 'fastify' {
  interface FastifyRequest {
    tenant: string
  }
}

// What the application knows of its own requests, it knows here, too.
const ofTenant: Authenticate = async (username, password, request: FastifyRequest) => request.tenant === password ? { name: username } : null
export async function plugin (scope: FastifyInstance): Promise<void> {
  await scope.register(broker, { ...options, authenticate: ofTenant })
  await scope.register(broker, { ...options, authenticate: (_username, _password, request: FastifyRequest) => request.tenant === '' })
  // @ts-expect-error not known of every application
  await scope.register(broker, { ...options, authenticate: (_username, _password, request) => request.tenant === '' })
  // @ts-expect-error a number is no request
  await scope.register(broker, { ...options, authenticate: (_username, _password, request: number) => request === 1 })
}

export const client = new TokenBroker({ url: 'https://tokens.example.com', credentials: () => ({ username: 'susan', password: 'secret123' }) })
client.token('video', { room: 'My Room' }).then((token: string) => token.length, (error: unknown) => error instanceof RefusedError)
new TokenBroker({ url: new URL('https://tokens.example.com'), credentials: async () => ({ bearer: 'eyJ' }), session: false, keep: tab }).close().then(() => {}, () => {})
// @ts-expect-error no place to keep a session
export const elsewhere = new TokenBroker({ credentials: () => null, keep: 'local' })

client.token('voice', { incoming: false, params: { queue: 'support' }, push: 'ios', ttl: 600, identity: 'guest-1', signal: new AbortController().signal }).catch(() => {})
client.token({ video: { room: 'My Room' }, sync: {} }, { ttl: 600, force: true }).catch(() => {})
const each: Product = Math.random() > 0.5 ? 'chat' : 'sync'
client.tokenWithDetails(each, { ttl: 600 }).then(({ identity, expiresAt, products }: TokenDetails) => identity + expiresAt + products.join(), () => {})
new TokenBroker({
  credentials: () => null,
  headers: { 'X-Gateway-Key': 'k' },
  fetch: (url, init) => fetch(url, init),
  onError (error: BrokerError) { if (error instanceof LockedError) console.log(error.until.toISOString()) }
}).close().catch(() => {})
new TokenBroker({ credentials: () => null, fetch, onError: error => { console.log(error.code, error.requestId) } }).close().catch(() => {})
// @ts-expect-error a product that there is not
client.token('vidoe').catch(() => {})
// @ts-expect-error a property that no product takes
client.token('voice', { tll: 600 }).catch(() => {})
// @ts-expect-error a property that this product does not take
client.token('voice', { room: 'My Room' }).catch(() => {})
// @ts-expect-error misspelt
client.token('video', { rooom: 'x' }).catch(() => {})
// @ts-expect-error Sync takes nothing of its own
client.token('sync', { room: 'x' }).catch(() => {})
// @ts-expect-error misspelt, in one of several products
client.token({ video: { rooom: 'x' } }).catch(() => {})
// @ts-expect-error nothing of Sync's own, in one of several products
client.token({ sync: { room: 'x' } }).catch(() => {})
// @ts-expect-error one life for all products
client.token({ video: { ttl: 600 } }).catch(() => {})
// @ts-expect-error a product that there is not, in several
client.token({ vidoe: {} }).catch(() => {})
// @ts-expect-error seconds are a number
client.tokenWithDetails('voice', { ttl: '600' }).catch(() => {})
// @ts-expect-error misspelt
client.tokenWithDetails('video', { rooom: 'x' }).catch(() => {})
// @ts-expect-error no such platform
client.token('voice', { push: 'windows' }).catch(() => {})

declare module 'twilio-token-broker/client' {
  interface Products { taskrouter: { worker: string } }
}
client.token('taskrouter', { worker: 'WK1' }).catch(() => {})
// @ts-expect-error misspelt, of a declared product
client.token('taskrouter', { workre: 'WK1' }).catch(() => {})

declare const video: { connect (token: string, options?: { name?: string | null }): Promise<{ sid: string, on (event: 'disconnected', listener: (room: unknown, error: unknown) => void): unknown, disconnect (): unknown }> }
connect(client, video, { name: 'My Room' }, { onRoom: room => room.sid.length }).then(room => room.sid, () => {})

const own: Adaptable = { adapt: ({ need }) => ({ give: token => { if (token === '') need() } }) }
client.keep(own, { voice: {}, sync: {} }).stop()
client.keep(own, 'voice', { outgoing: false }).stop()
// @ts-expect-error misspelt
client.keep(own, 'vidoe').stop()
// @ts-expect-error misspelt
client.keep(own, 'voice', { outgiong: false }).stop()
// @ts-expect-error misspelt
connect(client, video, { name: 'My Room' }, { tll: 600 }).catch(() => {})

declare class Phone {
  constructor (token: string)
  state: string
  on (event: 'registered', listener: () => void): this
  removeListener (event: 'registered', listener: () => void): this
  updateToken (token: string): void
  register (): Promise<void>
  unregister (): Promise<void>
  destroy (): void
}
export function PhoneState (): string {
  const { sdk, error, retry } = useTwilio('voice', token => new Phone(token), { outgoing: false })
  if (error) retry()
  // @ts-expect-error misspelt
  useTwilio('voice', token => new Phone(token), { outgiong: false })
  // @ts-expect-error nothing to shut down
  useTwilio('voice', token => token)
  useTwilio({ voice: {}, sync: {} }, token => new Phone(token), { ttl: 600 })
  return sdk?.state ?? useTokenBroker().constructor.name
}
export const provider = TokenBrokerProvider({ broker: client })

export default defineProduct({
  name: 'fax',
  settings: Type.Object({ TWILIO_FAX_SID: Sid('FX') }),
  request: Type.Object({ to: Type.String() }),
  allow: Type.Object({ to: Type.Optional(Patterns) }),
  // @ts-expect-error a misspelt property
  grant: ({ settings, request, allow, choose }) => ({ key: 'fax', toPayload: () => ({ sid: settings.TWILIO_FAX_SID, to: choose('to', request.too, allow.to) }) })
})

const pager = defineProduct({
  name: 'pager',
  settings: Type.Object({ PAGER_URL: Type.Optional(Type.String()) }),
  request: Type.Object({ loud: Type.Optional(Type.Boolean()), groups: Type.Optional(Type.Record(Type.String(), Type.String())) }),
  allow: Type.Object({ loud: Type.Optional(Type.Boolean()), groups: Type.Optional(Type.Record(Type.String(), Patterns)) }),
  identity: { maxLength: 20, characters: /[a-z]/ },
  regions: ['us1', 'ie1'],
  defersGrant: true,
  grant ({ settings, request, allow, choose }) {
    if (settings.PAGER_URL === undefined) forbid('loud', 'not possible without PAGER_URL')
    if (settings.PAGER_URL.length > 100) badRequest('loud', 'too long')
    chooseEach(choose, 'groups', request.groups, allow.groups)
    const loud: boolean = resolveFlag('loud', request.loud, allow.loud ?? false)
    return { key: 'pager', toPayload: () => ({ loud }) }
  }
})
const { key, payload }: { key: string, payload: object } = testProduct(pager, { settings: { PAGER_URL: 'x' }, request: { loud: false }, allow: {}, identity: 'mia' })
export const tested = [key, payload]

// @ts-expect-error there is no such region
defineProduct({ ...fields(), regions: ['us2'] })
// @ts-expect-error async
defineProduct({ ...fields(), grant: async () => ({ key: 'pager', toPayload: () => ({}) }) })

function fields () {
  const none = Type.Object({})
  return { name: 'pager', settings: none, request: none, allow: none, grant: ({ identity }: GrantContext) => ({ key: identity, toPayload: () => ({}) }) }
}

export const before = (context: Ask<object, object, object>): GrantContext => context
