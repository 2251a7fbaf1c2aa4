import { readdirSync } from 'node:fs'
import type { CDPSession, Page } from 'playwright-core'
import t from 'tap'
import { chromiumMissing, launchChromium } from '../browser/chromium.js'
import { basic, startBroker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { open } from '../helpers/token.js'
import { until } from '../helpers/until.js'
import { built } from './built.js'
import { Coverage } from './coverage.js'
import { visitor } from './visit.js'

const users = { susan: 'secret123', olga: 'secret123', maria: 'secret123' }
const policy = [
  'rules:',
  '  - who: [susan, olga]',
  '    allow: { video: { rooms: ["My Room", "support-*"] }, voice: {}, sync: {} }',
  '  - who: [maria]',
  '    allow: {}'
].join('\n')
const settings = { OPERATORS: 'olga', POLICY_FILE: 'policy.yaml' }

/** Bytes of the first view, compressed. */
const firstLoad = 60_000

/** A token that ended in 2023 and is signed by an account. */
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const ended = [
  base64url({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' }),
  base64url({ iss: `SK${'1'.repeat(32)}`, sub: `AC${'1'.repeat(32)}`, iat: 1_700_000_000, exp: 1_700_003_600, grants: { identity: 'susan', video: { room: 'My Room' } } }),
  'A'.repeat(43)
].join('.')

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

t.test('the console in Chromium', { skip: chromiumMissing() }, async t => {
  const folder = built()
  const coverage = new Coverage(folder)
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const wrong: string[] = []
  const visit = visitor(browser, coverage, wrong)
  const broker = await startBroker({ users, settings, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)

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

  await t.test('by keyboard alone: sign in, pick what is allowed, get a token, see it taken apart', async t => {
    const { page, asked } = await visit(t, broker.url)
    await page.getByLabel('Name', { exact: true }).focus()
    await page.keyboard.type('susan')
    await page.keyboard.press('Tab')
    await page.keyboard.type('secret123')
    await page.keyboard.press('Enter')
    await page.getByText('Signed in as susan').waitFor()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Get a token', 'who reads by ear is told where this led')
    t.strictSame(await page.getByRole('checkbox').evaluateAll((boxes: Array<{ parentElement: { textContent: string } }>) => boxes.map(box => box.parentElement.textContent.trim())), ['sync', 'video', 'voice'])
    t.equal(await page.getByRole('link', { name: 'Operator' }).count(), 0)

    await page.getByRole('checkbox', { name: 'sync' }).focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type('My Room')
    await page.keyboard.press('Enter')
    await page.getByRole('timer').waitFor()
    t.match(await page.locator('.grants').innerText(), /^may enter the video room My Room as susan for (1:00:00|59:\d\d)$/)
    t.match(await page.locator('.grants em').allInnerTexts(), ['My Room', 'susan', /^[\d:]+$/])
    const shown = await page.locator('.copy pre').allInnerTexts()
    const { header, claims } = open(shown[0]!, broker.secrets.keySecret)
    t.match(claims, { grants: { identity: 'susan', video: { room: 'My Room' } } }, 'it is the broker\'s own')
    t.equal(shown[1], `curl -u susan ${broker.url}/token/video -H 'Content-Type: application/json' -d '{"room":"My Room"}'`)
    t.match(shown[2], /broker\.connect\(Video, \{ name: "My Room" \}\)/)
    const apart = await page.locator('.rows').innerText()
    for (const said of ['cty twilio-fpa;v=1', broker.secrets.accountSid, broker.secrets.keySid]) t.ok(apart.includes(said), said)
    await page.getByText('Header and claims as JSON').click()
    t.strictSame(await page.locator('details pre').innerText(), [header, claims].map(part => JSON.stringify(part, null, 2)).join('\n'))
    t.notMatch(await page.locator('body').innerHTML(), /secret123/)
    t.ok(asked.every(({ url }) => !url.includes('secret123')))
  })

  await t.test('the countdown goes by the page\'s own clock, down to the end', async t => {
    const { page, signIn } = await visit(t, broker.url, { before: page => page.clock.install() })
    await signIn('susan')
    await page.getByLabel('ttl').fill('180')
    await page.getByRole('button', { name: 'Get a token' }).click()
    const timer = page.getByRole('timer')
    await timer.waitFor()
    t.equal(await timer.innerText(), '3:00')
    await page.clock.runFor(61_000)
    t.equal(await timer.innerText(), '1:59')
    t.match(await page.locator('.grants').innerText(), /for 1:59$/)
    await page.clock.runFor(120_000)
    await page.getByText('The token has ended. Get a new one.').waitFor()
    t.notMatch(await page.locator('.grants').innerText(), / for /)
  })

  await t.test('several products make one token, each with its own fields', async t => {
    const { page, signIn } = await visit(t, broker.url)
    await signIn('susan')
    await page.getByRole('checkbox', { name: 'video' }).check()
    await page.getByRole('checkbox', { name: 'voice' }).check()
    await page.getByLabel('room').fill('support-1')
    await page.getByLabel('incoming').selectOption('true')
    await page.getByLabel('params').fill('To=bob')
    await page.getByRole('button', { name: 'Get one token for all' }).click()
    await page.getByRole('timer').waitFor()
    t.match(open((await page.locator('.copy pre').first().innerText()), broker.secrets.keySecret).claims, {
      grants: { video: { room: 'support-1' }, voice: { incoming: { allow: true }, outgoing: { params: { To: 'bob' } } }, data_sync: {} }
    })
    t.match(await page.locator('.grants li').allInnerTexts(), [/Sync/, /support-1 as susan/, /may take calls/, /may call through/])
    for (const name of ['sync', 'video', 'voice']) await page.getByRole('checkbox', { name }).uncheck()
    t.ok(await page.getByRole('button', { name: 'Get a token' }).isDisabled(), 'nothing is asked for nothing')
  })

  await t.test('a wrong password is told in the broker\'s words, and never opens the browser\'s dialog', async t => {
    let dialogs: string[] = []
    const { page, signIn } = await visit(t, broker.url, { before: async page => { dialogs = await passwordDialogs(page) } })
    await signIn('susan', 'wrong-one')
    await page.getByRole('alert').waitFor()
    t.match(await page.getByRole('alert').innerText(), /^No caller has this name and password\. Check both, or ask the operator of this broker\.[^]*credentials-wrong/)
    t.strictSame(dialogs, [])
    await signIn('susan')
    await page.getByText('Signed in as susan').waitFor()
  })

  await t.test('what the policy refuses is told in its words; what no product is left of, too', async t => {
    const { page, signIn } = await visit(t, broker.url)
    await signIn('susan')
    await page.getByRole('checkbox', { name: 'sync' }).uncheck()
    await page.getByRole('checkbox', { name: 'video' }).check()
    const get = page.getByRole('button', { name: 'Get a token' })
    const refused = async (sentence: RegExp) => {
      await get.click()
      await page.getByRole('alert').getByText(sentence).waitFor()
      t.equal(await page.getByRole('timer').count(), 0)
    }
    await refused(/room: has to be named/)
    await page.getByLabel('room').fill('boardroom')
    await refused(/room: not one that this caller may have\./)
    await page.getByLabel('room').fill('My Room')
    await page.getByLabel('identity').fill('juan')
    await refused(/identity: not one that this caller may name\./)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn('maria')
    await page.getByText('The policy allows you no product.').waitFor()
  })

  await t.test('limits say when to try again, each property at fault is named, and so is a broker that is away', async t => {
    const narrow = await startBroker({ users, settings: { CALLER_LIMIT_MAX: '1' } })
    const { page, signIn } = await visit(t, narrow.url)
    await signIn('susan')
    const get = page.getByRole('button', { name: 'Get a token' })
    await get.click()
    await page.getByRole('timer').waitFor()
    await get.click()
    await page.getByRole('alert').getByText(/^Try again in \d+ s\.$/).waitFor()
    await narrow.close()
    await get.click()
    await page.getByRole('alert').getByText(/^No answer:/).waitFor()

    const other = await visit(t, broker.url)
    await other.signIn('olga')
    await other.page.getByRole('checkbox', { name: 'voice' }).check()
    await other.page.getByRole('checkbox', { name: 'sync' }).uncheck()
    await other.page.getByLabel('incoming').selectOption('false')
    await other.page.getByLabel('params').fill('To')
    await other.page.getByLabel('outgoing').selectOption('false')
    await other.page.getByRole('button', { name: 'Get a token' }).click()
    await other.page.getByRole('alert').getByText(/outgoing a token needs calls in or calls out/).waitFor()
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

  await t.test('what is shown can be copied, or says how where the browser has no clipboard', async t => {
    for (const [clipboard, said] of [[true, 'Copied'], [false, 'Mark it and copy it by hand']] as const) {
      const { page, signIn } = await visit(t, broker.url, {
        clipboard,
        before: async page => { if (!clipboard) await page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })') }
      })
      await signIn('susan')
      await page.getByRole('button', { name: 'Get a token' }).click()
      await page.getByRole('button', { name: 'Copy curl' }).click()
      await page.getByText(said).waitFor()
      if (clipboard) t.match(await page.evaluate('navigator.clipboard.readText()'), /^curl -u susan http:/)
    }
  })

  await t.test('a token that has ended, or is none, is explained, and nothing of it is sent', async t => {
    const { page, asked, go } = await visit(t, broker.url)
    await go('Explain a token')
    await page.getByText('The answer stands here as you paste.').waitFor()
    const before = asked.length
    const box = page.getByLabel('Token', { exact: true })
    await box.fill(ended)
    await page.getByRole('heading', { name: 'Twilio would refuse it' }).waitFor()
    t.match(await page.locator('.findings').innerText(), /refused 20104 \(Voice: 31205\) it ended \d+ hours ago/)
    t.match(await page.locator('article.code').innerText(), /20104 access token expired[^]*Causes[^]*its time is over[^]*What to do[^]*Ask for a fresh token/)
    t.match(await page.locator('.rows').innerText(), /may enter the video room My Room/)
    await box.fill('undefined')
    await page.getByText(/refused 20101/).waitFor()
    t.equal(await page.locator('.rows').count(), 0)
    const { body: { token } } = await ask(broker.url, { as: basic('susan', 'secret123'), body: { room: 'My Room' } })
    await box.fill(`{"token":"${token}"}`)
    await page.getByRole('heading', { name: 'Nothing here makes Twilio refuse it' }).waitFor()
    t.equal(asked.length, before, 'no request')
  })

  await t.test('a code of Twilio\'s gives cause and fix', async t => {
    const { page, go } = await visit(t, broker.url)
    await go('Explain a token')
    const code = page.getByLabel('Error code')
    await code.fill('ConnectionError (53000): see 99999')
    await page.getByRole('heading', { name: '53000 the signalling connection failed' }).waitFor()
    await page.getByText('is not among the codes that a token brings about').waitFor()
    await code.fill('20107')
    await page.getByText('Voice tells the same as 31202').waitFor()
    await code.fill('hello')
    await page.getByText('has five digits').waitFor()
  })

  await t.test('operators see the last hour, and the charts move under load', async t => {
    const { page, signIn, go } = await visit(t, broker.url)
    const token = (path: string) => ask(broker.url, { as: basic('susan', 'secret123'), path })
    // What has lines already is drawn on; a new name would need another chart.
    for (const name of ['sync', 'voice']) await token(`/token/${name}`)
    await signIn('olga')
    await go('Operator')
    const chart = page.getByRole('figure', { name: 'Tokens a minute' })
    const sum = async () => (await chart.locator('td:last-child').allInnerTexts()).reduce((sum, text) => sum + (Number(text) || 0), 0)
    await page.getByText('As of').waitFor()
    const picture = () => page.evaluate<string>('document.querySelector("figure canvas").toDataURL()')
    const [before, drawn] = [await sum(), await picture()]
    for (let i = 0; i < 30; i++) {
      await token(`/token/${['sync', 'voice', 'video'][i % 3]}`)
      await ask(broker.url, { as: basic('stranger', 'secret123'), path: '/token/sync' })
    }
    await until(async () => await sum() >= before + 20)
    t.not(await picture(), drawn, 'the lines are others')
    t.match(await page.locator('.tiles').innerText(), /Broker\s+Ready[^]*Store of callers\s+up[^]*Audit\s+is written/)
    await until(async () => /Guard\s+stopped \d+ in the hour/.test(await page.locator('.tiles').innerText()))

    const rows = page.locator('.scroll tbody tr')
    await page.getByRole('combobox', { name: 'Event' }).selectOption('token.refused')
    await page.getByLabel('Caller, identity').fill('not-allowed')
    await page.getByRole('combobox', { name: 'Product' }).selectOption('video')
    t.ok((await rows.allInnerTexts()).every(text => /refused\s+(susan|maria)[^]*video[^]*not-allowed/.test(text)))
    t.ok(await rows.count() > 0)
    await page.getByLabel('Caller, identity').fill('')
    await page.getByRole('combobox', { name: 'Event' }).selectOption('token.issued')
    t.ok((await rows.allInnerTexts()).every(text => /issued/.test(text)))
    t.match(await page.locator('.settings').innerText(), /TWILIO_API_KEY_SECRET set[^]*REDIS_URL unset/)
    t.notMatch(await page.locator('body').innerText(), new RegExp(broker.secrets.keySecret))

    await page.emulateMedia({ colorScheme: 'dark' })
    await until(async () => await picture() !== drawn)
    await page.setViewportSize({ width: 800, height: 800 })
    await until(() => page.evaluate<boolean>('document.querySelector("figure canvas").clientWidth < 800'))
    await go('Get a token')
    await page.getByRole('heading', { name: 'Get a token' }).waitFor()
  })

  await t.test('a broker that is not well looks so, and its reloads are told', async t => {
    const ill = await startBroker({ users, settings: { OPERATORS: 'olga', AUDIT_LOG: '/dev/full', POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': `mode: audit\n${policy}` } })
    t.teardown(ill.close)
    await ill.reload()
    await ill.write('users.htpasswd', 'nonsense')
    await ill.reload()
    const { page, signIn } = await visit(t, ill.url, { path: '/#operator' })
    await signIn('olga')
    await page.getByText('None of a request that brought credentials.').waitFor()
    t.match(await page.locator('main').innerText(), /Guard\s+stopped nobody[^]*nothing in the last hour[^]*settings\s+taken[^]*users\s+refused .*: the old ones stay/)
    // It tries again each second, and believes that it can.
    await until(async () => {
      await ask(ill.url, { as: basic('olga', 'secret123'), path: '/token/sync' })
      return /Not ready: audit[^]*cannot be written: no token is given/.test(await page.locator('.tiles').innerText())
    })
  })

  await t.test('it is asked again and again while somebody looks, and not while nobody does', async t => {
    const { page, asked, signIn } = await visit(t, broker.url, { path: '/#operator', before: page => page.clock.install() })
    const times = () => asked.filter(({ url }) => url.includes('operator.json')).length
    const hide = (hidden: boolean) => page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })`)
    await signIn('olga')
    await page.getByText('As of').waitFor()
    await page.clock.runFor(3100)
    await until(() => times() === 2)
    await hide(true)
    await page.clock.runFor(30_000)
    const before = times()
    t.ok(before <= 3, 'one may have been under way')
    await page.clock.runFor(30_000)
    t.equal(times(), before)
    await hide(false)
    await page.clock.runFor(3100)
    await until(() => times() > before)
  })

  await t.test('a part that does not come is told', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/#operator', before: page => page.route('**/operator-*.js', route => route.abort()) })
    await signIn('olga')
    await page.getByRole('alert').getByText('Load the page again').waitFor()
  })

  await t.test('others are refused the operators\' view, once', async t => {
    const { page, asked, signIn } = await visit(t, broker.url, { path: '/#operator', before: page => page.clock.install() })
    await signIn('susan')
    await page.getByRole('alert').getByText('This is for the operators of this broker').waitFor()
    await page.clock.runFor(30_000)
    t.equal(await page.getByRole('figure').count(), 0)
    t.equal(asked.filter(({ url }) => url.includes('operator.json')).length, 1)
  })

  await t.test('the reference shows every operation, and whether it is for its reader', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/docs' })
    await signIn('susan')
    const operations = page.getByRole('navigation', { name: 'Operations' })
    await operations.waitFor()
    t.match(await page.locator('main').innerText(), /POST \/token\/video\s[^]*A token for video; for you[^]*a room's name or SID/)
    t.match(await page.locator('main').innerText(), /\/metrics\s[^]*for operators|not for you/)
    await operations.getByRole('link', { name: 'Problem' }).click()
    await until(() => page.evaluate<boolean>('document.getElementById("Problem").getBoundingClientRect().top < innerHeight'))
    await page.locator('#post-token-video').getByText('Answers').click()
    await page.locator('#post-token-video').getByText('not-allowed: The policy does not allow what was asked for.').waitFor()
    await page.getByRole('link', { name: 'Explain a token' }).click()
    await page.getByLabel('Error code').waitFor()
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

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      await t.test(`axe finds nothing in any view, ${colorScheme} at ${width} pixels, and none is wider than its window`, async t => {
        const { page, signIn, go, faults, overflow } = await visit(t, broker.url, { colorScheme, width })
        const look = async (view: string) => {
          t.strictSame(await faults(), [], view)
          t.ok(await overflow() <= 0, `${view} fits`)
        }
        await look('sign in')
        await signIn('olga', 'wrong-one')
        await page.getByRole('alert').waitFor()
        await look('wrong password')
        await signIn('olga')
        await page.getByText('Signed in as olga').waitFor()
        for (const name of ['video', 'voice']) await page.getByRole('checkbox', { name }).check()
        await look('get a token')
        await page.getByLabel('room').fill('My Room')
        await page.getByRole('button', { name: 'Get one token for all' }).click()
        await page.getByRole('timer').waitFor()
        await page.getByText('Header and claims as JSON').click()
        await look('a token')
        await go('Explain a token')
        await page.getByLabel('Token', { exact: true }).fill(ended)
        await page.getByLabel('Error code').fill('53000')
        await look('explain')
        await go('Operator')
        await page.getByText('As of').waitFor()
        await look('operator')
        await go('API reference')
        await page.getByRole('navigation', { name: 'Operations' }).waitFor()
        await page.locator('details').first().click()
        await look('reference')
      })
    }
  }

  t.strictSame(wrong, [], 'no error, no dialog, nothing that the CSP stopped, no other host')
  // Node runs the other modules, so tap counts them.
  const components = readdirSync('src/console').filter(name => /\.tsx$|^use-/.test(name))
  t.strictSame(coverage.missing(components), [], 'every line of the components has run')
})
