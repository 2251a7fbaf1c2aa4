import t from 'tap'
import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { forge } from './forge.js'
import { verify, type Account, type Product } from './verify.js'

const { VoiceGrant, VideoGrant, SyncGrant, ChatGrant } = AccessToken

const account: Account = {
  accountSid: `AC${'1'.repeat(32)}`,
  keySid: `SK${'2'.repeat(32)}`,
  keySecret: 'a secret of the key',
  services: { sync: ['default'], chat: [`IS${'3'.repeat(32)}`], conversations: [`IS${'3'.repeat(32)}`, `IS${'4'.repeat(32)}`] }
}

const ttl = 3600
const good = (region?: string) => {
  const options = { identity: 'susan', ttl, ...(region && { region }) }
  const token = new AccessToken(account.accountSid, account.keySid, account.keySecret, options)
  token.addGrant(new VoiceGrant({ incomingAllow: true }))
  token.addGrant(new VideoGrant({ room: 'My Room' }))
  token.addGrant(new SyncGrant({ serviceSid: 'default' }))
  token.addGrant(new ChatGrant({ serviceSid: `IS${'3'.repeat(32)}` }))
  return token.toJwt()
}

const grants: Record<Product, object> = {
  voice: { incoming: { allow: true } },
  video: { room: 'My Room' },
  sync: { service_sid: 'default' },
  chat: { service_sid: `IS${'3'.repeat(32)}` },
  conversations: { service_sid: `IS${'3'.repeat(32)}` }
}

for (const [product, grant] of Object.entries(grants) as Array<[Product, object]>) {
  t.test(`a token of Twilio's own library is accepted for ${product}`, async (t) => {
    const token = good()
    const { iat } = JSON.parse(Buffer.from(`${token.split('.')[1]}`, 'base64url').toString())
    t.strictSame(verify(token, product, account, iat), { accepted: true, identity: 'susan', grant, ttl })
  })
}

t.test('the region of the token is that of the key', async (t) => {
  t.match(verify(good('ie1'), 'voice', { ...account, region: 'ie1' }), { accepted: true })
  t.match(verify(good('us1'), 'voice', account), { accepted: true })
  t.match(verify(good('ie1'), 'voice', account), { accepted: false, code: 20103 })
  t.match(verify(good(), 'voice', { ...account, region: 'ie1' }), { accepted: false, code: 20103 })
})

const now = Math.floor(Date.now() / 1000)
const refused: Array<{ what: string, code: number, product?: Product, changes: Parameters<typeof forge>[2] }> = [
  { what: 'another algorithm', code: 20102, changes: { header: { alg: 'HS512' } } },
  { what: 'no algorithm', code: 20102, changes: { header: { alg: 'none' } } },
  { what: 'another type', code: 20102, changes: { header: { typ: 'jwt' } } },
  { what: 'no content type', code: 20102, changes: { header: { cty: undefined } } },
  { what: 'the account as its issuer', code: 20103, changes: { claims: { iss: account.accountSid } } },
  { what: 'the key as its subject', code: 20103, changes: { claims: { sub: account.keySid } } },
  { what: 'no time of issue', code: 20101, changes: { claims: { iat: undefined } } },
  { what: 'an expiry in words', code: 20101, changes: { claims: { exp: `${now + ttl}` } } },
  { what: 'half a second', code: 20101, changes: { claims: { exp: now + 0.5 } } },
  { what: 'an expiry that is now', code: 20104, changes: { claims: { iat: now - ttl, exp: now } } },
  { what: 'a life of a day and a second', code: 20157, changes: { claims: { iat: now, exp: now + 86_401 } } },
  { what: 'an issue two minutes from now', code: 20105, changes: { claims: { iat: now + 120, exp: now + ttl } } },
  { what: 'a begin that is to come', code: 20105, changes: { claims: { nbf: now + 1 } } },
  { what: 'no identity', code: 20106, changes: { grants: { identity: undefined } } },
  { what: 'an empty identity', code: 20106, changes: { grants: { identity: '' } } },
  { what: 'a number as its identity', code: 20106, changes: { grants: { identity: 7 } } },
  { what: 'no grants', code: 20106, changes: { claims: { grants: undefined } } },
  { what: 'a list of grants', code: 20106, changes: { claims: { grants: [] } } },
  { what: 'no voice grant', code: 20106, product: 'voice', changes: { grants: { voice: undefined } } },
  { what: 'no video grant', code: 20106, product: 'video', changes: { grants: { video: undefined } } },
  { what: 'a sync grant of the wrong name', code: 20106, product: 'sync', changes: { grants: { data_sync: undefined, sync: {} } } },
  { what: 'no chat grant', code: 20106, product: 'chat', changes: { grants: { chat: undefined } } },
  { what: 'no chat grant for conversations', code: 20106, product: 'conversations', changes: { grants: { chat: undefined } } },
  { what: 'a grant that is true', code: 20106, product: 'video', changes: { grants: { video: true } } },
  { what: 'no sync service', code: 51007, product: 'sync', changes: { grants: { data_sync: {} } } },
  { what: 'a chat service of others', code: 51007, product: 'chat', changes: { grants: { chat: { service_sid: `IS${'4'.repeat(32)}` } } } }
]

for (const { what, code, product = 'voice', changes } of refused) {
  t.test(`a token with ${what} is refused by ${code}`, async (t) => {
    t.match(verify(forge(good(), account.keySecret, changes), product, account, now), { accepted: false, code })
  })
}

t.test('a token lives a day and not longer', async (t) => {
  const token = forge(good(), account.keySecret, { claims: { iat: now, exp: now + 86_400 } })
  t.match(verify(token, 'voice', account, now), { accepted: true, ttl: 86_400 })
})

t.test('a signature counts to its last character', async (t) => {
  t.match(verify(forge(good(), 'another secret'), 'voice', account), { accepted: false, code: 20107 })
  t.match(verify(good().slice(0, -1), 'voice', account), { accepted: false, code: 20107 })
  t.match(verify(`${good()}=`, 'voice', account), { accepted: false, code: 20107 })
})

for (const [what, token] of Object.entries({
  'no token': undefined,
  'an empty one': '',
  'a word': 'token',
  'two parts': good().split('.', 2).join('.'),
  'four parts': `${good()}.x`,
  'a list as its header': `${Buffer.from('[]').toString('base64url')}.${good().split('.').slice(1).join('.')}`,
  'claims that are not JSON': good().replace(/\..*\./, '.bm90IEpTT04.')
})) {
  t.test(`what is not a JWT (${what}) is refused by 20160`, async (t) => {
    t.match(verify(token, 'voice', account), { accepted: false, code: 20160 })
  })
}
