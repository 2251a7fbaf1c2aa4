import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { basic, startBroker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { signedIn } from '../helpers/page.js'
import { until } from '../helpers/until.js'
import { policy, setStage, users } from './stage.js'

t.test('the console for operators', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

  await t.test('operators see the last hour, and the charts move under load', async t => {
    const { page, signIn, go } = await visit(t, broker.url)
    const token = (path: string) => ask(broker.url, { as: basic('susan', 'secret123'), path })
    // What has lines already is drawn on; a new name would need another chart.
    for (const name of ['sync', 'voice']) await token(`/token/${name}`)
    await (await signedIn(broker.url, { as: basic('susan', 'secret123') })).end()
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
    await page.getByRole('combobox', { name: 'Product' }).selectOption('')
    await page.getByRole('combobox', { name: 'Event' }).selectOption('session.ended')
    t.ok((await rows.allInnerTexts()).every(text => /signed out\s+susan[^]*session [\w-]{16}/.test(text)))
    t.ok(await rows.count() > 0)
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

  await t.test('others are refused the operators\' view, once', async t => {
    const { page, asked, signIn } = await visit(t, broker.url, { path: '/#operator', before: page => page.clock.install() })
    await signIn('susan')
    await page.getByRole('alert').getByText('Only operators may read this').waitFor()
    await page.clock.runFor(30_000)
    t.equal(await page.getByRole('figure').count(), 0)
    t.equal(asked.filter(({ url }) => url.includes('operator.json')).length, 1)
  })

  allWasWell('operator')
})
