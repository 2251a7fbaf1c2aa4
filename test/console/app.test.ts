import type { CDPSession, Page } from 'playwright-core'
import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { startBroker } from '../helpers/broker.js'
import { startProvider } from '../helpers/provider.js'
import { until } from '../helpers/until.js'
import { setStage } from './stage.js'

/** Bytes of the first view, compressed. */
const firstLoad = 60_000

/** Whether Chromium would ask its user for a name and a password, in a dialog of its own. */
async function passwordDialogs (page: Page): Promise<string[]> {
  const asked: string[] = []
  const session: CDPSession = await page.context().newCDPSession(page)
  session.on('Fetch.requestPaused', ({ requestId }) => { session.send('Fetch.continueRequest', { requestId }).catch(() => {}) })
  session.on('Fetch.authRequired', ({ requestId, request }) => {
    asked.push(request.url)
    session.send('Fetch.continueWithAuth', { requestId, authChallengeResponse: { response: 'CancelAuth' } }).catch(() => {})
  })
  await session.send('Fetch.enable', { handleAuthRequests: true })
  return asked
}

t.test('signing in to the console, and moving about in it', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

  await t.test('before anybody signs in it tells nothing and asks nothing, and its first load is small', async t => {
    const sizes: Array<Promise<number>> = []
    const { page, asked } = await visit(t, broker.url, {
      before: async page => { page.on('requestfinished', request => sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))) }
    })
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.strictSame([...new Set(asked.map(({ method }) => method))], ['GET'])
    t.ok(asked.every(({ url }) => /\/$|\/console\/[\w-]+\.\w+$/.test(url)), asked.map(({ url }) => url).join(' '))
    t.notMatch(await page.locator('body').innerText(), /video|voice|chat|sync|conversations|operator/i)
    await until(() => sizes.length >= 3)
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    t.ok(total > 1000 && total <= firstLoad, `${total} bytes`)
  })

  await t.test('a wrong password is told in the broker\'s words, and never opens the browser\'s dialog', async t => {
    let dialogs: string[] = []
    const { page, signIn } = await visit(t, broker.url, { before: async page => { dialogs = await passwordDialogs(page) } })
    await signIn('susan', 'wrong-one')
    await page.getByRole('alert').waitFor()
    t.match(await page.getByRole('alert').innerText(), /^Wrong username or password\. Check both, or ask the operator of this broker for a new password\.[^]*credentials-wrong/)
    t.strictSame(dialogs, [])
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
  })

  await t.test('who signs out or loads the page anew is forgotten, and nothing is ever stored', async t => {
    const { page, context, signIn } = await visit(t, broker.url)
    const stored = async () => [await context.cookies(), await page.evaluate('[localStorage.length, sessionStorage.length]')]
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
    t.strictSame(await stored(), [[], [0, 0]])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.equal(await page.getByLabel('Password').inputValue(), '')
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  await t.test('a bearer token of an identity provider signs in, too', async t => {
    const provider = await startProvider()
    t.teardown(provider.close)
    const alone = await startBroker({ settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', OPERATORS: 'jwt:olga' }, users: null })
    t.teardown(alone.close)
    const { page, go } = await visit(t, alone.url)
    await page.getByText('Use a bearer token instead').click()
    const use = async (token: string) => {
      await page.getByLabel('Token of your identity provider').fill(token)
      await page.getByRole('button', { name: 'Use the token' }).click()
    }
    await use(provider.token({ claims: { aud: 'x' } }))
    await page.getByRole('alert').getByText('bearer-misdirected').waitFor()
    await use(provider.bearer({ claims: { sub: 'olga' } }))
    await page.getByText('Signed in with a bearer token').waitFor()
    await page.getByRole('button', { name: 'Get a token' }).click()
    t.match(await page.locator('.copy pre').nth(1).innerText(), /^curl -H "Authorization: Bearer \$TOKEN" /)
    await go('Operator')
    await page.getByRole('heading', { name: 'Audit' }).waitFor()
  })

  await t.test('a part that does not come is told', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/#operator', before: page => page.route('**/operator-*.js', route => route.abort()) })
    await signIn('olga')
    await page.getByRole('alert').getByText('Reload the page').waitFor()
  })

  await t.test('it works below a path of a proxy', async t => {
    const { page, signIn } = await visit(t, broker.url, {
      path: '/tokens/',
      before: page => page.route('**', async route => {
        const url = route.request().url()
        // The rest of the host is somebody else's.
        if (!url.startsWith(`${broker.url}/tokens/`)) return route.abort()
        return route.fulfill({ response: await route.fetch({ url: url.replace('/tokens/', '/') }) })
      })
    })
    await signIn('susan')
    await page.getByRole('button', { name: 'Get a token' }).click()
    t.match(await page.locator('.copy pre').nth(1).innerText(), new RegExp(`^curl -u susan ${broker.url}/tokens/token/sync`))
  })

  allWasWell('app')
})
