import t from 'tap'
import { basic } from '../../helpers/broker.js'
import { application, token } from '../../helpers/embedded.js'
import { ask } from '../../helpers/http.js'
import { startProvider } from '../../helpers/provider.js'

t.test('inside an application, bearer tokens are taken beside its own login', async t => {
  const provider = await startProvider()
  t.teardown(provider.close)
  const jwt = { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', JWT_IDENTITY: 'idp_{sub}' }
  const app = await application({ brokers: [{ settings: jwt }] })
  t.teardown(app.close)
  t.has(await ask(app.url, { path: token, as: provider.bearer() }), { status: 200, body: { identity: 'idp_auth0|42' } })
  t.has(await ask(app.url, { path: token, as: provider.bearer({ claims: { aud: 'x' } }) }), { status: 401, body: { code: 'bearer-misdirected' } })
  t.has(await ask(app.url, { path: token, as: basic('susan', 'secret123') }), { status: 200, body: { identity: 'susan' } })
  await t.rejects(application({ brokers: [{ settings: { ...jwt, JWT_IDENTITY: 'sub' } }] }), { message: /JWT_IDENTITY must begin with a fixed text/ })
})
