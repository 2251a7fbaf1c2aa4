import t from 'tap'
import { basic, secrets, startBroker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { lenientLogin } from '../helpers/lenient-login.js'
import { Page } from '../helpers/page.js'
import { open } from '../helpers/token.js'

const uuid = '0b9c5e4a-6f2d-4c0b-9d3e-1f2a3b4c5d6e'

const rows: Array<{ login: string, identity: string, holds: string }> = [
  { login: 'auth0', identity: 'auth0|42', holds: 'auth0_7c42' },
  { login: 'keycloak', identity: uuid, holds: uuid.replaceAll('-', '_2d') },
  { login: 'entra', identity: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbt-_', holds: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbt_2d_5f' },
  { login: 'mail', identity: 'susan@example.com', holds: 'susan_40example_2ecom' },
  { login: 'letters', identity: 'Susan7', holds: 'Susan7' },
  { login: 'like', identity: 'auth0_7c42', holds: 'auth0_5f7c42' },
  { login: 'accents', identity: 'zo\u00eb', holds: 'zo_c3_ab' },
  { login: 'emoji', identity: '\u{1f600}', holds: '_f0_9f_98_80' },
  { login: 'blank', identity: 'a b', holds: 'a_20b' }
]

const policy = `rules:
  - { who: ["*"], allow: { voice: {}, video: { rooms: ["{caller}"] }, sync: {} }, identities: ["guest-*"] }
`

t.test('S9: IDENTITY_FORM=escaped makes every identity fit Voice, in a form that can be read back, so that no two become one', async t => {
  const store = await lenientLogin(t, Object.fromEntries(rows.map(({ login, identity }) => [login, { name: login, identity }])))
  const settings = { LOGIN_URL: store.url, SESSION_TTL: '600', IDENTITY_FORM: 'escaped', POLICY_FILE: 'policy.yaml' }
  const broker = await startBroker({ settings, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)
  for (const { login, identity, holds } of rows) {
    const answer = await ask(broker.url, { path: '/token/voice', as: basic(login, 'secret123') })
    t.has(answer, { status: 200, body: { identity: holds } }, identity)
    t.equal(open(answer.body.token, secrets.keySecret).claims.grants.identity, holds, 'the answer says what the token holds')
    t.has((await broker.audit()).at(-1), { caller: login, identity: holds }, 'so does the audit')
    t.equal(decodeURIComponent(holds.replace(/_([0-9a-f]{2})/g, '%$1')), identity, 'which can be read back')
  }
  t.equal(new Set(rows.map(({ holds }) => holds)).size, rows.length)

  const as = basic('auth0', 'secret123')
  for (const { asks, title, gets } of [
    { title: 'the own identity, as it is', asks: { identity: 'auth0|42' }, gets: { status: 200, body: { identity: 'auth0_7c42' } } },
    { title: 'the own identity as the token holds it is another\'s', asks: { identity: 'auth0_7c42' }, gets: { status: 403, body: { code: 'not-allowed' } } },
    { title: 'one that a pattern of the policy matches', asks: { identity: 'guest-7' }, gets: { status: 200, body: { identity: 'guest_2d7' } } },
    { title: 'one that no token can hold', asks: { identity: 'guest-\u0000' }, gets: { status: 400 } },
    { title: 'one that is too long once it is escaped', asks: { identity: `guest-${'-'.repeat(41)}` }, gets: { status: 422, body: { code: 'identity-unsuitable', detail: 'identity: voice takes at most 121 characters.' } } }
  ]) t.has(await ask(broker.url, { path: '/token/voice', as, body: asks }), gets, title)
  const room = await ask(broker.url, { path: '/token/video', as: basic('mail', 'secret123') })
  t.has(open(room.body.token, secrets.keySecret).claims.grants, { video: { room: 'mail' } }, 'the policy goes by names, which stay as they are')

  const page = new Page(broker.url)
  t.has(await page.open({ as }), { status: 201, body: { identity: 'auth0_7c42' } }, 'a session says it, too')
  t.has(await page.ask({ path: '/token/voice' }), { status: 200, body: { identity: 'auth0_7c42' } })
  await page.end()
  t.has((await broker.audit()).filter(({ event }) => event.startsWith('session.')), [{ event: 'session.opened', identity: 'auth0_7c42' }, { event: 'session.ended', identity: 'auth0_7c42' }])
})

t.test('without it identities stay as they are, and one that does not fit is 422', async t => {
  const store = await lenientLogin(t, { auth0: { name: 'auth0', identity: 'auth0|42' } })
  const broker = await startBroker({ settings: { LOGIN_URL: store.url } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { path: '/token/sync', as: basic('auth0', 'secret123') }), { status: 200, body: { identity: 'auth0|42' } })
  t.has(await ask(broker.url, { path: '/token/voice', as: basic('auth0', 'secret123') }), { status: 422, body: { code: 'identity-unsuitable' } })
  await t.rejects(startBroker({ settings: { IDENTITY_FORM: 'hex' } }), /IDENTITY_FORM must be plain or escaped/)
})
