import type { CDPSession, Page } from 'playwright-core'
import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { heapOf } from '../browser/heap.js'
import { cheapHash, startBroker } from '../helpers/broker.js'
import { startProvider } from '../helpers/provider.js'
import { until } from '../helpers/until.js'
import { setStage, users } from './stage.js'

/** Bytes of the first view, compressed. */
const firstLoad = 30_000

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
  const other = await startBroker({ users: { susan: 'seldom seen', kim: 'secret123' } })
  t.teardown(other.close)

  await t.test('S119: before anybody signs in it tells nothing and asks nothing, and its first load is small', async t => {
    const sizes: Array<Promise<number>> = []
    const { page, asked } = await visit(t, broker.url, {
      before: async page => { page.on('requestfinished', request => sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))) }
    })
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.equal(await page.locator('[aria-current]').count(), 0, 'the view is not there yet')
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
    t.equal(await page.evaluate('document.activeElement.id'), 'password', 'it is typed again')
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
  })

  await t.test('S120: the page signs in once, keeps no password, and says until when', async t => {
    const password = 'seldom seen'
    const { page, asked, context, go } = await visit(t, other.url)
    await page.getByLabel('Name', { exact: true }).focus()
    // Key by key: what a test fills in by script stays in the browser's memory.
    await page.keyboard.type('susan')
    await page.keyboard.press('Tab')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.getByText(/^Signed in as susan until (\w+ )?\d+:\d\d/).waitFor()
    for (const name of ['Get a token', 'Explain a token', 'Get a token']) await go(name)
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByRole('timer').waitFor()
    t.strictSame(asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`).filter(line => !/ \/(console\/.*)?$/.test(line)), ['POST /session', 'GET /openapi.json', 'POST /token/video'])
    const heap = await heapOf(await context.newCDPSession(page))
    for (const trace of [password, btoa(`susan:${password}`)]) t.strictSame(heap.filter(text => text.includes(trace)), [])
    t.ok(heap.some(text => text.includes('ttb_')), 'the session is there')
  })

  await t.test('the form helps with what is typed: it can be shown, and Caps Lock is told', async t => {
    const { page } = await visit(t, broker.url)
    const password = page.getByLabel('Password')
    await page.getByRole('button', { name: 'Show password' }).click()
    t.equal(await password.getAttribute('type'), 'text')
    await page.getByRole('button', { name: 'Hide password' }).click()
    t.equal(await password.getAttribute('type'), 'password')
    await password.dispatchEvent('keydown', { key: 'A', modifierCapsLock: true })
    await page.getByText('Caps Lock is on.').waitFor()
    await password.dispatchEvent('keyup', { key: 'A' })
    await page.getByText('Caps Lock is on.').waitFor({ state: 'detached' })
  })

  await t.test('a name that is locked says for how long, and is not sent until then; another is', async t => {
    const strict = await startBroker({ users, settings: { LOGIN_FAILURES_MAX: '1' } })
    t.teardown(strict.close)
    const { page, asked, signIn } = await visit(t, strict.url, { before: page => page.clock.install() })
    await signIn('olga', 'wrong-one')
    await page.getByRole('alert').getByText('credentials-wrong').waitFor()
    await signIn('olga', 'wrong-two')
    const button = page.getByRole('button', { name: 'This name is locked' })
    await button.waitFor()
    t.ok(await button.isDisabled())
    await page.getByRole('alert').getByText(/^Too many wrong passwords for this name\. Try again in 1[45]:\d\d, or ask the operator/).waitFor()
    t.notMatch(await page.getByRole('alert').innerText(), /minutes/, 'one time, not two that differ')
    const before = asked.length
    await page.getByLabel('Password').press('Enter')
    t.equal(asked.length, before)
    await page.getByLabel('Name', { exact: true }).fill('olg')
    await page.getByRole('alert').waitFor({ state: 'detached' })
    t.ok(await page.getByRole('button', { name: 'Sign in' }).isEnabled())
    await page.getByLabel('Name', { exact: true }).fill('olga')
    await page.clock.fastForward('15:01')
    await page.clock.runFor(1000)
    t.ok(await page.getByRole('button', { name: 'Sign in' }).isEnabled())
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
  })

  await t.test('S121: signing out ends the session at the broker, and nothing is ever stored', async t => {
    const { page, context, signIn } = await visit(t, broker.url)
    const stored = async () => [await context.cookies(), await page.evaluate('[localStorage.length, sessionStorage.length]')]
    const signOut = async () => {
      await signIn('susan')
      await page.getByText('Signed in as susan').waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
    }
    await signOut()
    await page.getByText('You are signed out.', { exact: true }).waitFor()
    for (const label of ['Name', 'Password']) t.equal(await page.getByLabel(label, { exact: true }).inputValue(), '')
    await until(async () => (await broker.audit()).some(({ event, caller }) => event === 'session.ended' && caller === 'susan'))
    await page.route('**/session', route => route.request().method() === 'DELETE' ? route.abort() : route.continue())
    await signOut()
    await page.getByText(/^You are signed out here\. The broker did not answer/).waitFor()
    t.strictSame(await stored(), [[], [0, 0]])
  })

  await t.test('a reload signs out, and the page says why', async t => {
    const { page, signIn } = await visit(t, broker.url)
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
    await page.reload()
    await page.getByText('A reload signs you out: nothing is stored that could be stolen.').waitFor()
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
  })

  await t.test('a page whose clock is hours off signs in, and its session ends when it should', async t => {
    for (const hours of [-3, 3]) {
      const { page, signIn } = await visit(t, broker.url, { before: page => page.clock.install({ time: Date.now() + hours * 3_600_000 }) })
      await signIn('susan')
      await page.getByText('Signed in as susan').waitFor()
      await page.getByLabel('Room').fill('My Room')
      await page.getByRole('button', { name: 'Get a token' }).click()
      await page.getByRole('timer').waitFor()
      t.match(await page.getByRole('timer').innerText(), /^(1:00:00|59:\d\d)$/, 'the whole life of the token')
      await page.clock.fastForward('11:59:00')
      await page.clock.runFor(1000)
      t.equal(await page.getByRole('button', { name: 'Sign out' }).count(), 1)
      await page.clock.fastForward('01:00')
      await page.clock.runFor(1000)
      await page.getByText('Your session has come to its end. Sign in again.').waitFor()
      t.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'susan')
    }
  })

  await t.test('a session that the broker has ended leads back to the sign-in, which says why', async t => {
    const { page, signIn } = await visit(t, other.url)
    await signIn('kim')
    await page.getByText('Signed in as kim').waitFor()
    await other.write('users.htpasswd', `susan:${await cheapHash('seldom seen')}\nkim:${await cheapHash('changed')}\n`)
    await other.reload()
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByText(/^The broker has ended your session: your account, your password/).waitFor()
    t.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'kim')
    await signIn('kim', 'changed')
    await page.getByText('Signed in as kim').waitFor()
  })

  await t.test('a broker without sessions gets the password with each request, and the page says so', async t => {
    const plain = await startBroker({ users, settings: { SESSION_TTL: '0' } })
    t.teardown(plain.close)
    const { page, signIn } = await visit(t, plain.url)
    await signIn('susan')
    await page.getByText('This broker has no sessions, so this page keeps your password in memory until you sign out.').waitFor()
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByRole('timer').waitFor()
    await plain.write('users.htpasswd', `susan:${await cheapHash('changed')}\n`)
    await plain.reload()
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByText(/^Wrong username or password/).waitFor()
    t.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'susan')
  })

  await t.test('a bearer token of an identity provider signs in, too', async t => {
    const provider = await startProvider()
    t.teardown(provider.close)
    const alone = await startBroker({ settings: { JWT_ISSUER: provider.issuer, JWT_AUDIENCE: 'broker', OPERATORS: 'jwt:olga' }, users: null })
    t.teardown(alone.close)
    const { page, go, signIn } = await visit(t, alone.url)
    await signIn('olga')
    t.match(await page.getByRole('alert').innerText(), /^Nobody has a password for this broker\. Send a token of the identity provider/)
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
    await page.getByRole('timer').waitFor()
    await page.getByRole('button', { name: 'curl', exact: true }).click()
    t.match(await page.locator('.next pre').innerText(), /^curl -H "Authorization: Bearer \$TOKEN" /)
    await go('Operator')
    await page.getByRole('heading', { name: 'Audit' }).waitFor()
  })

  await t.test('a broker without an identity provider says that it takes no bearer tokens, where one was given', async t => {
    const { page } = await visit(t, broker.url)
    await page.getByText('Use a bearer token instead').click()
    await page.getByLabel('Token of your identity provider').fill('eyJ.e30.x')
    await page.getByRole('button', { name: 'Use the token' }).click()
    await page.locator('details').getByRole('alert').getByText('This broker takes no bearer tokens. Sign in with a name and a password.').waitFor()
    t.equal(await page.evaluate('document.activeElement.id'), 'bearer')
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
    await page.getByRole('checkbox', { name: 'Sync' }).check()
    await page.getByRole('checkbox', { name: 'Video' }).uncheck()
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByRole('timer').waitFor()
    await page.getByRole('button', { name: 'curl', exact: true }).click()
    t.match(await page.locator('.next pre').innerText(), new RegExp(`^curl -u susan ${broker.url}/tokens/token/sync`))
  })

  allWasWell('app')
})
