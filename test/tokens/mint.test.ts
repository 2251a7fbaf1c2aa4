import { randomBytes } from 'node:crypto'
import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import t from 'tap'
import { createMint } from '../../src/tokens/mint.js'
import { open } from '../helpers/token.js'
import { random } from '../helpers/random.js'

t.test('500 random accounts and orders give exactly the token that was ordered', async t => {
  const { pick, list } = random(20261124)
  const int = (least: number, most: number) => pick(Array.from({ length: most - least + 1 }, (_, n) => least + n))
  const text = () => list(1, 121, () => pick([...'abcXYZ019_-. äß漢😀'])).join('')
  for (let i = 0; i < 500; i++) {
    const account = {
      accountSid: `AC${randomBytes(16).toString('hex')}`,
      keySid: `SK${randomBytes(16).toString('hex')}`,
      keySecret: randomBytes(16).toString('base64url'),
      region: pick([undefined, 'us1', 'ie1', 'au1'])
    }
    const identity = text()
    const ttl = int(180, 86400)
    const room = pick([undefined, text()])
    const service = `IS${randomBytes(16).toString('hex')}`
    const grants = [new AccessToken.VideoGrant({ room }), new AccessToken.SyncGrant({ serviceSid: service })]
    const minted = createMint(account).sign({ identity, ttl, grants })
    const { header, claims } = open(minted.token, account.keySecret)
    const written = { video: room === undefined ? {} : { room }, data_sync: { service_sid: service } }
    t.strictSame(header, { alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1', ...(account.region && { twr: account.region }) })
    t.strictSame(claims, {
      jti: `${account.keySid}-${claims.iat}`,
      grants: { identity, ...written },
      iat: claims.iat,
      exp: claims.iat + ttl,
      iss: account.keySid,
      sub: account.accountSid
    })
    t.strictSame(minted.grants, written)
    t.equal(minted.expiresAt, new Date(claims.exp * 1000).toISOString())
  }
})

t.test('what it signs is, byte for byte, what Twilio\'s own class signs', t => {
  const now = Date.now()
  t.intercept(Date, 'now', { value: () => now })
  const account = { accountSid: `AC${'0'.repeat(32)}`, keySid: `SK${'1'.repeat(32)}`, keySecret: 'not a real secret' }
  const everything = [
    new AccessToken.VoiceGrant({ incomingAllow: true, outgoingApplicationSid: 'AP2', outgoingApplicationParams: { a: 'ä"\\' }, pushCredentialSid: 'CR3' }),
    new AccessToken.VideoGrant({ room: 'My Room 漢😀' }),
    new AccessToken.SyncGrant({ serviceSid: 'default' }),
    new AccessToken.ChatGrant({ serviceSid: 'IS4' })
  ]
  for (const region of [undefined, 'ie1']) {
    for (const grants of [[], ...everything.map(grant => [grant]), everything]) {
      const theirs = new AccessToken(account.accountSid, account.keySid, account.keySecret, { identity: 'süsan', ttl: 3600, ...(region && { region }) })
      for (const grant of grants) theirs.addGrant(grant)
      t.equal(createMint({ ...account, region }).sign({ identity: 'süsan', ttl: 3600, grants }).token, theirs.toJwt())
    }
  }
  t.end()
})

t.test('a grant with the name of a prototype is a grant like any other', t => {
  const keySecret = 'not a real secret'
  const { token } = createMint({ accountSid: 'AC1', keySid: 'SK1', keySecret }).sign({ identity: 'susan', ttl: 180, grants: [{ key: '__proto__', toPayload: () => ({ a: 1 }) }] })
  t.ok(Object.hasOwn(open(token, keySecret).claims.grants, '__proto__'))
  t.end()
})

t.test('a name\'s hash depends on the name and the key, and tells neither', async t => {
  const mint = (keySecret: string) => createMint({ accountSid: 'AC1', keySid: 'SK1', keySecret })
  t.equal(mint('one').hashName('susan'), mint('one').hashName('susan'))
  t.not(mint('one').hashName('susan'), mint('one').hashName('juan'))
  t.not(mint('one').hashName('susan'), mint('two').hashName('susan'))
  t.match(mint('one').hashName('susan'), /^[0-9a-f]{32}$/)
})
