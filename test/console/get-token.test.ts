import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { startBroker } from '../helpers/broker.js'
import { open } from '../helpers/token.js'
import { setStage, users } from './stage.js'

t.test('getting a token in the console', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

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
    t.match(shown[2], / connect\(broker, Video, \{ name: "My Room" \}\)/)
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

  allWasWell('get-token')
})
