import t from 'tap'
import { chromiumMissing, launchChromium } from '../../browser/chromium.js'
import { servePages } from '../../browser/pages.js'
import { startTwilio } from '../../fakes/twilio/index.js'
import { secrets, startBroker } from '../../helpers/broker.js'
import { clientId, startOpenIdProvider } from '../../helpers/openid-provider.js'

/** How providers write who somebody is, and what Voice gets of it. */
const subs = [
  { provider: 'Auth0', sub: 'auth0|5f7c8ec7c33c6c004bbafe82', identity: 'auth0_7c5f7c8ec7c33c6c004bbafe82' },
  { provider: 'Keycloak', sub: '3f2a0b4e-9c1d-4e7a-8b55-0d6c2f1a9e77', identity: '3f2a0b4e_2d9c1d_2d4e7a_2d8b55_2d0d6c2f1a9e77' },
  { provider: 'Entra', sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ-_x', identity: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ_2d_5fx' }
]

t.test('a page whose user signs in at an OpenID provider hands that token to the client, and the Voice SDK connects', { skip: chromiumMissing() }, async t => {
  const pages = await servePages()
  t.teardown(() => pages.close())
  const provider = await startOpenIdProvider(`${pages.origin}/sign-in.html`)
  t.teardown(() => provider.close())
  const twilio = await startTwilio({ ...secrets, services: { sync: [], conversations: [], chat: [] } })
  t.teardown(() => twilio.close())
  const broker = await startBroker({
    settings: { CORS_ORIGINS: pages.origin, JWT_ISSUER: provider.issuer, JWT_AUDIENCE: clientId, IDENTITY_FORM: 'escaped', POLICY_FILE: 'policy.yaml' },
    files: { 'policy.yaml': 'rules: [{ who: ["jwt:*"], allow: { voice: {} } }]\n' },
    users: null
  })
  t.teardown(broker.close)
  const browser = await launchChromium({ '*.twilio.com': twilio.port })
  t.teardown(() => browser.close())

  for (const { provider: name, sub, identity } of subs) {
    await t.test(`a name as ${name} writes it`, async t => {
      const context = await browser.newContext()
      t.teardown(() => context.close())
      const page = await context.newPage()
      await page.goto(`${pages.origin}/sign-in.html`)
      await page.waitForFunction('document.title === "ready"')
      await page.evaluate(issuer => signInPage.signIn(issuer), provider.issuer)
      await page.fill('input[name=login]', sub)
      await page.fill('input[name=password]', 'any')
      await page.click('button[type=submit]')
      // The provider asks whether the application may know who it is.
      await page.click('form:not(:has(input[name=login])) button[type=submit]')
      await page.waitForURL(`${pages.origin}/sign-in.html**`)
      await page.waitForFunction('document.title === "ready"')
      t.has(await page.evaluate(url => signInPage.connect(url), broker.url), { identity, errors: { length: 0 } })
      t.has(twilio.tokens.at(-1), { product: 'voice', verdict: { accepted: true, identity } })
      t.has((await broker.audit()).at(-1), { event: 'token.issued', caller: `jwt:${sub}`, identity, via: 'bearer', origin: pages.origin })
    })
  }
})
