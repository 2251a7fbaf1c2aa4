import type { Page } from 'playwright-core'
import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { startBroker } from '../helpers/broker.js'
import { open } from '../helpers/token.js'
import { until } from '../helpers/until.js'
import { setStage, users } from './stage.js'

/** What the reader has the keyboard on. */
const focused = (page: Page) => page.evaluate<string>('[document.activeElement].map(({ ariaLabel, id, textContent }) => [ariaLabel ?? "", id, textContent].join(" ").trim())[0]')

/** Presses Tab until the keyboard is on something. */
async function tabTo (page: Page, what: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    if (what.test(await focused(page))) return
  }
  throw new Error(`Tab never comes to ${what}`)
}

t.test('getting a token in the console', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

  await t.test('by keyboard alone: from the sign-in to a copied token', async t => {
    const { page, asked } = await visit(t, broker.url, { clipboard: true })
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    t.equal(await focused(page), 'name', 'whoever comes may type')
    await page.keyboard.type('susan')
    await page.keyboard.press('Tab')
    await page.keyboard.type('secret123')
    await page.keyboard.press('Enter')
    await page.getByText('Signed in as susan').waitFor()
    t.equal(await focused(page), 'Get a token', 'who reads by ear is told where this led')
    t.equal(await page.getByRole('link', { name: 'Operator' }).count(), 0)

    await tabTo(page, /^video-room/)
    await page.keyboard.type('My Room')
    await page.keyboard.press('Enter')
    await page.getByRole('timer').waitFor()
    await tabTo(page, /^Copy Token/)
    await page.keyboard.press('Enter')
    await page.getByText('Copied').waitFor()
    const token = await page.evaluate<string>('navigator.clipboard.readText()')
    const { header, claims } = open(token, broker.secrets.keySecret)
    t.has(claims, { grants: { identity: 'susan', video: { room: 'My Room' } } }, 'it is the broker\'s own')

    t.match(await page.locator('.grants').innerText(), /^With this token, susan may enter the video room My Room$/)
    t.strictSame(await page.locator('.grants em').allInnerTexts(), ['susan', 'My Room'])
    const apart = await page.locator('.rows').innerText()
    for (const said of ['cty twilio-fpa;v=1', broker.secrets.accountSid, broker.secrets.keySid]) t.ok(apart.includes(said), said)
    await page.getByText('Header and claims as JSON').click()
    t.strictSame(await page.locator('details pre').innerText(), [header, claims].map(part => JSON.stringify(part, null, 2)).join('\n'))
    t.notMatch(await page.locator('body').innerHTML(), /secret123/)
    t.ok(asked.every(({ url }) => !url.includes('secret123')))
  })

  await t.test('under the token is what one does with it next', async t => {
    const { page, signIn } = await visit(t, broker.url)
    await signIn('susan')
    await page.getByLabel('Room').fill('My Room')
    await page.getByRole('checkbox', { name: 'Sync' }).check()
    await page.getByRole('button', { name: 'Get one token for all' }).click()
    const code = page.locator('.next pre')
    t.match(await code.innerText(), /Video\.connect\(await broker\.token\(products\), \{ name: 'My Room', tracks: \[\] \}\)/)
    const choose = (name: string) => page.getByRole('group', { name: 'Code for' }).getByRole('button', { name }).click()
    await choose('Sync')
    t.match(await code.innerText(), /new SyncClient\(await broker\.token\(products\)\)/)
    await choose('curl')
    t.equal(await code.innerText(), `curl -u susan ${broker.url}/token -H 'Content-Type: application/json' -d '{"products":{"video":{"room":"My Room"},"sync":{}}}'`)
  })

  await t.test('the countdown goes by the page\'s own clock, warns in the last minute, and ends with a way to a new one', async t => {
    const { page, signIn } = await visit(t, broker.url, { width: 360, before: page => page.clock.install() })
    await signIn('susan')
    await page.getByLabel('Room').fill('My Room')
    await page.getByLabel('ttl').fill('180')
    await page.getByRole('button', { name: 'Get a token' }).click()
    const timer = page.getByRole('timer')
    await timer.waitFor()
    t.ok(await page.evaluate<boolean>('document.querySelector("article").getBoundingClientRect().top < innerHeight / 2'), 'on a phone it comes into view')
    const colour = () => page.evaluate<string>('getComputedStyle(document.querySelector(".timer")).color')
    const renew = page.getByRole('button', { name: 'Get a new one' })
    // Time goes by on a slow machine, too.
    t.match(await timer.innerText(), /^(3:00|2:[345]\d)$/)
    const calm = await colour()
    t.equal(await renew.count(), 0)
    await page.clock.runFor(61_000)
    t.match(await timer.innerText(), /^(2:00|1:[2345]\d)$/)
    t.equal(await colour(), calm)
    await page.clock.runFor(75_000)
    t.match(await timer.innerText(), /^0:[0-4]\d$/)
    await page.getByText('The token ends within a minute.').waitFor()
    const amber = await colour()
    t.not(amber, calm)
    t.equal(await renew.count(), 1)
    await page.clock.runFor(61_000)
    await page.locator('.timer').getByText('The token has ended.').waitFor()
    t.notOk([calm, amber].includes(await colour()), 'red')
    await renew.click()
    await timer.waitFor()
    t.match(await timer.innerText(), /^(3:00|2:\d\d)$/)
  })

  await t.test('a form that has changed marks the token as an old one, until it says the same again', async t => {
    const { page, signIn, go } = await visit(t, broker.url)
    await signIn('susan')
    await page.getByLabel('Room').fill('My Room')
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByRole('timer').waitFor()
    const old = page.getByText('The form has changed.')
    t.equal(await old.count(), 0)
    await page.getByLabel('Room').fill('support-1')
    await old.waitFor()
    await page.getByLabel('Room').fill('My Room')
    await old.waitFor({ state: 'detached' })
    await page.getByRole('checkbox', { name: 'Video' }).uncheck()
    await old.waitFor()
    await page.getByRole('checkbox', { name: 'Sync' }).check()
    await go('Error codes')
    await page.getByRole('searchbox').waitFor()
    await go('Get a token')
    await old.waitFor()
    t.ok(await page.getByRole('checkbox', { name: 'Sync' }).isChecked(), 'another view in between loses nothing')
  })

  await t.test('several products make one token, each with its own fields', async t => {
    const { page, signIn } = await visit(t, broker.url)
    await signIn('susan')
    const boxes = page.getByRole('checkbox')
    t.strictSame(await boxes.evaluateAll((boxes: Array<{ checked: boolean, parentElement: { textContent: string } }>) => boxes.map(box => [box.parentElement.textContent, box.checked])), [['Video', true], ['Voice', false], ['Sync', false]])
    for (const name of ['Voice', 'Sync']) await page.getByRole('checkbox', { name }).check()
    await page.getByLabel('Room').fill('support-1')
    await page.getByLabel('incoming').selectOption('true')
    await page.getByLabel('params').fill('To=bob')
    await page.getByRole('button', { name: 'Get one token for all' }).click()
    await page.getByRole('timer').waitFor()
    t.has(open((await page.locator('.copy pre').first().innerText()), broker.secrets.keySecret).claims, {
      grants: { video: { room: 'support-1' }, voice: { incoming: { allow: true }, outgoing: { params: { To: 'bob' } } }, data_sync: {} }
    })
    t.equal(await page.locator('.grants p').innerText(), 'With this token, susan:')
    const said = await page.locator('.grants li').allInnerTexts()
    for (const sentence of [/Sync/, /support-1/, /may take calls/, /may call through/]) t.ok(said.some(text => sentence.test(text)), String(sentence))
    for (const name of ['Video', 'Voice', 'Sync']) await page.getByRole('checkbox', { name }).uncheck()
    t.ok(await page.getByRole('button', { name: 'Get a token' }).isDisabled(), 'nothing is asked for nothing')
  })

  await t.test('the form says what its reader may really have', async t => {
    const narrow = await startBroker({
      users,
      settings: { POLICY_FILE: 'policy.yaml', TOKEN_TTL: '3600' },
      files: { 'policy.yaml': 'rules: [{ who: ["*"], allow: { video: { rooms: [lobby, stage] }, voice: { incoming: true }, chat: {} }, identities: ["guest-*"], maxTtl: 900 }]' }
    })
    t.teardown(narrow.close)
    const { page, signIn } = await visit(t, narrow.url)
    await signIn('susan')
    const room = page.getByLabel('Room')
    t.strictSame(await room.locator('option').allInnerTexts(), ['choose one', 'lobby', 'stage'])
    const get = page.getByRole('button', { name: 'Get a token' })
    await get.click()
    t.equal(await page.evaluate('document.activeElement.id'), 'video-room', 'the browser says what is needed, and nothing is sent')
    t.equal(await page.getByLabel('ttl').getAttribute('placeholder'), '900')
    t.equal(await page.getByLabel('ttl').getAttribute('max'), '900')
    t.equal(await page.getByLabel('Identity').getAttribute('placeholder'), 'susan')
    await page.getByText('your own, or guest-*').waitFor()
    await page.getByText('ended outside Flex').waitFor()
    await page.getByRole('checkbox', { name: 'Voice' }).check()
    t.strictSame(await page.getByLabel('outgoing').locator('option').allInnerTexts(), ['no'])
    t.strictSame(await page.getByLabel('incoming').locator('option').allInnerTexts(), ['default', 'yes', 'no'])
    await page.getByText('whether the page takes calls; default: yes, if that is allowed').waitFor()

    const { page: susans, signIn: inBroker } = await visit(t, broker.url)
    await inBroker('susan')
    await susans.getByText('My Room or support-*, where * is any text').waitFor()
    t.equal(await susans.getByLabel('Room').getAttribute('placeholder'), 'for example My Room')
    t.equal(await susans.getByLabel('Identity').count(), 0, 'where no identity may be named, none is asked')
  })

  await t.test('the demo says that its tokens are not real', async t => {
    const demo = await startBroker({ users, demo: true })
    t.teardown(demo.close)
    const { page, signIn } = await visit(t, demo.url)
    await signIn('susan')
    await page.getByRole('note').getByText('This is the demo.').waitFor()
    t.match(await page.getByRole('note').innerText(), /Twilio refuses them[^]*npx twilio-token-broker init/)
  })

  await t.test('what the policy refuses is told in its words; what no product is left of, too', async t => {
    const { page, signIn } = await visit(t, broker.url)
    await signIn('susan')
    await page.getByLabel('Room').fill('boardroom')
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByRole('alert').getByText(/room: the policy does not allow this one\./).waitFor()
    t.equal(await page.getByRole('timer').count(), 0)
    t.equal(await page.getByLabel('Room').getAttribute('aria-invalid'), 'true')
    await page.locator('#video-room-fault').getByText('the policy does not allow this one').waitFor()
    await page.getByLabel('Room').fill('boardroom 2')
    await page.locator('#video-room-fault').waitFor({ state: 'detached' })
    await page.getByLabel('Room').fill('boardroom')
    await page.setViewportSize({ width: 390, height: 640 })
    await page.evaluate('scrollTo(0, 0)')
    // As a click would, without scrolling to the button.
    await page.getByRole('button', { name: 'Get a token' }).dispatchEvent('click')
    await until(() => page.evaluate<boolean>('document.querySelector(".problem").getBoundingClientRect().bottom <= innerHeight'))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn('maria')
    await page.getByText('The policy allows you no product.').waitFor()
    t.match(await page.locator('pre').innerText(), /policy explain maria PRODUCT/)
  })

  await t.test('limits say when to try again, each property at fault is named, and so is a broker that is away', async t => {
    const narrow = await startBroker({ users, settings: { CALLER_LIMIT_MAX: '1' } })
    const { page, signIn } = await visit(t, narrow.url, { before: page => page.clock.install() })
    await signIn('susan')
    const get = page.getByRole('button', { name: 'Get a token' })
    await get.click()
    await page.getByRole('timer').waitFor()
    await get.click()
    await page.getByRole('alert').getByText(/^You asked for too many tokens\. Try again in \d+ s\.$/).waitFor()
    await page.clock.runFor(61_000)
    await page.getByRole('alert').getByText('Try again now').waitFor()
    t.equal(await page.getByRole('timer').count(), 1, 'the token that still lives stays')
    await narrow.close()
    await get.click()
    await page.getByRole('alert').getByText(/^No answer:/).waitFor()

    const other = await visit(t, broker.url)
    await other.signIn('olga')
    await other.page.getByRole('checkbox', { name: 'Voice' }).check()
    await other.page.getByRole('checkbox', { name: 'Video' }).uncheck()
    await other.page.getByLabel('incoming').selectOption('false')
    await other.page.getByLabel('params').fill('To')
    await other.page.getByLabel('outgoing').selectOption('false')
    await other.page.getByRole('button', { name: 'Get a token' }).click()
    await other.page.getByRole('alert').getByText('Something in the form has to be changed.').waitFor()
    await other.page.getByRole('alert').getByText(/outgoing a token needs calls in or calls out/).waitFor()
  })

  await t.test('where the browser has no clipboard, the page says how to copy', async t => {
    const { page, signIn } = await visit(t, broker.url, { before: page => page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })') })
    await signIn('susan')
    await page.getByLabel('Room').fill('My Room')
    await page.getByRole('button', { name: 'Get a token' }).click()
    await page.getByRole('button', { name: 'Copy Token' }).click()
    await page.getByText('Mark it and copy it by hand').waitFor()
  })

  allWasWell('get-token')
})
