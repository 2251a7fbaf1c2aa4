import type { Page } from 'playwright-core'
import t from 'tap'
import type { OperatorData } from '../../src/monitoring/operator-data.js'
import { chromiumMissing } from '../browser/chromium.js'
import { basic, startBroker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { signedIn } from '../helpers/page.js'
import { until } from '../helpers/until.js'
import { busyDay, illDay, answerWith } from './operator-answer.js'
import { policy, setStage, users } from './stage.js'

const olga = basic('olga', 'secret123')
const tiles = (page: Page) => page.locator('.tiles').innerText()
const rows = (page: Page) => page.locator('.audit tbody tr')
const chart = (page: Page, title: string) => page.getByRole('figure', { name: title })
/** More than the page waits between two answers. */
const POLL_MS = 3100

/** Lets the test say when the page asks again. */
async function withClock (page: Page, given: OperatorData, change: (answer: OperatorData) => OperatorData): Promise<void> {
  await page.clock.install()
  await answerWith(page, given, change)
}

/** The heading of a chart's figures: the time that they are of. */
const shownTime = (page: Page, title: string) => chart(page, title).locator('thead th').nth(1).innerText()

t.test('the console for operators', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)
  for (const [name, path] of [['susan', '/token/sync'], ['susan', '/token/nope'], ['stranger', '/token/video']]) await ask(broker.url, { as: basic(name!, 'secret123'), path: path! })
  const given: OperatorData = JSON.parse((await ask(broker.url, { method: 'GET', path: '/operator.json', as: olga })).text)

  await t.test('operators see what the broker does, and the charts move under load', async t => {
    const { page, signIn, go } = await visit(t, broker.url)
    const token = (path: string) => ask(broker.url, { as: basic('susan', 'secret123'), path })
    // What has lines already is drawn on; a new name would need another chart.
    for (const name of ['sync', 'voice']) await token(`/token/${name}`)
    await (await signedIn(broker.url, { as: basic('susan', 'secret123') })).end()
    await signIn('olga')
    await go('Operator')
    const sum = async () => (await chart(page, 'Tokens a minute').locator('td:last-child').allInnerTexts()).reduce((sum, text) => sum + (Number(text) || 0), 0)
    await page.getByText('As of').waitFor()
    const picture = () => page.evaluate<string>('document.querySelector("figure canvas").toDataURL()')
    const [before, drawn] = [await sum(), await picture()]
    for (let i = 0; i < 30; i++) {
      await token(`/token/${['sync', 'voice', 'video'][i % 3]}`)
      await ask(broker.url, { as: basic('stranger', 'secret123'), path: '/token/sync' })
    }
    await until(async () => await sum() >= before + 20)
    t.not(await picture(), drawn, 'the drawing is another')
    t.match(await tiles(page), /Broker\s+OK[^]*Callers\s+OK[^]*Audit\s+OK[^]*Limits\s+OK\s+counted on this node/)
    await until(async () => /Locked names\s+1 locked\s+[1-9]\d* sign-ins? refused in the last hour/.test(await tiles(page)))

    await page.getByRole('combobox', { name: 'Event' }).selectOption('token.refused')
    await page.getByLabel('Caller, identity').fill('not-allowed')
    await page.getByRole('combobox', { name: 'Product' }).selectOption('video')
    t.ok((await rows(page).allInnerTexts()).every(text => /refused\s+(susan|maria)[^]*video[^]*not-allowed/.test(text)))
    t.ok(await rows(page).count() > 0)
    await page.getByLabel('Caller, identity').fill('')
    await page.getByRole('combobox', { name: 'Product' }).selectOption('sync')
    await page.getByText('Of a name that was not proven there is only a keyed hash').waitFor()
    t.ok((await rows(page).allInnerTexts()).some(text => /not proven \([0-9a-f]{8}…\)/.test(text)))
    await page.getByRole('combobox', { name: 'Event' }).selectOption('token.issued')
    t.ok((await rows(page).allInnerTexts()).every(text => /issued[^]*may use the Sync service default/.test(text)))
    await page.getByRole('combobox', { name: 'Product' }).selectOption('')
    await page.getByRole('combobox', { name: 'Event' }).selectOption('session.ended')
    t.ok((await rows(page).allInnerTexts()).every(text => /signed out\s+susan[^]*session [\w-]{16}/.test(text)))
    t.ok(await rows(page).count() > 0)
    t.match(await page.locator('.settings').innerText(), /TWILIO_API_KEY_SECRET\s+set\s[^]*TOKEN_TTL\s+3600\s*default[^]*OPERATORS\s+olga/)
    await page.getByText('are not set').click()
    t.match(await page.locator('.unset').innerText(), /REDIS_URL/)
    t.notMatch(await page.locator('body').innerText(), new RegExp(broker.secrets.keySecret))

    await page.emulateMedia({ colorScheme: 'dark' })
    await until(async () => await picture() !== drawn)
    await page.setViewportSize({ width: 800, height: 800 })
    await until(() => page.evaluate<boolean>('document.querySelector("figure canvas").clientWidth < 800'))
    await go('Get a token')
    await page.getByRole('heading', { name: 'Get a token' }).waitFor()
  })

  await t.test('the figures of a time are shown by pointer and by keyboard, in all charts at once', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/#/operator', before: page => answerWith(page, given, answer => ({ ...busyDay(answer), products: [...busyDay(answer).products, 'eleventh'], quarters: busyDay(answer).quarters.map(slot => ({ ...slot, tokens: { ...slot.tokens, eleventh: 2 } })) })) })
    await signIn('olga')
    await page.getByText('As of').waitFor()
    await page.getByText('24 hours', { exact: true }).click()
    await chart(page, 'Tokens in 15 minutes').waitFor()
    t.equal(await chart(page, 'Tokens in 15 minutes').locator('.key path').count(), 1, 'the eleventh product has stripes')
    const last = await shownTime(page, 'Tokens')
    t.match(last, /^\d\d:(00|15|30|45)–\d\d:\d\d$/, 'the last whole slot')
    const plot = page.getByRole('slider', { name: 'Tokens in 15 minutes' })
    await plot.hover({ position: { x: 150, y: 80 } })
    await until(async () => await shownTime(page, 'Tokens') !== last)
    t.equal(await shownTime(page, 'Refusals'), await shownTime(page, 'Tokens'))
    await page.mouse.move(0, 0)
    await until(async () => await shownTime(page, 'Tokens') === last)

    await plot.focus()
    const steps = [
      { key: 'End', value: 95, time: /^since \d\d:\d\d$/ },
      { key: 'ArrowRight', value: 95, time: /^since/ },
      { key: 'ArrowLeft', value: 94, time: new RegExp(`^${last}$`) },
      { key: 'ArrowUp', value: 95, time: /^since/ },
      { key: 'ArrowDown', value: 94, time: /–/ },
      { key: 'Home', value: 0, time: /–/ },
      { key: 'a', value: 0, time: /–/ },
      { key: 'Escape', value: 94, time: /–/ }
    ]
    for (const { key, value, time } of steps) {
      await page.keyboard.press(key)
      await until(async () => await plot.getAttribute('aria-valuenow') === String(value))
      t.match(await shownTime(page, 'Sign-in times'), time, key)
    }
    t.match(await plot.getAttribute('aria-valuetext'), /^\d\d:\d\d–\d\d:\d\d: all [\d,]+, verify [\d,]+, flex \d+/)
    await page.keyboard.press('Home')
    await page.keyboard.press('Tab')
    await until(async () => await plot.getAttribute('aria-valuenow') === '94')
  })

  await t.test('the running slot is no fall, and the time before the start is a gap', async t => {
    let since = 0
    const { page, signIn } = await visit(t, broker.url, { path: '/#/operator', before: page => withClock(page, given, answer => ({ ...busyDay(answer), node: { ...answer.node, since: new Date(Date.parse(answer.at) - since * 60_000).toISOString() } })) })
    await signIn('olga')
    await page.getByText('As of').waitFor()
    const video = '98,143,246'
    await page.getByText('15 minutes', { exact: true }).click()
    await until(async () => await pixels(page, 13.5 / 15, video) === 0)
    since = 20
    await page.clock.runFor(POLL_MS)
    await until(async () => await pixels(page, 0.5 / 15, video) > 0)
    since = 13
    await page.clock.runFor(POLL_MS)
    await page.setViewportSize({ width: 360, height: 800 })
    await until(async () => await pixels(page, 0.5 / 15, video) === 0)
    t.ok(await pixels(page, 12.5 / 15, video) > 0)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    await t.test(`ten products and a broker that is ill fit their cards at every width, and axe finds nothing, ${colorScheme}`, async t => {
      let change = busyDay
      const { page, signIn, go, faults, overflow } = await visit(t, broker.url, { colorScheme, path: '/#/operator', before: page => answerWith(page, given, answer => change(answer)) })
      await signIn('olga')
      for (const [name, day] of Object.entries({ busy: busyDay, ill: illDay })) {
        change = day
        await go('Get a token')
        await page.getByRole('heading', { name: 'Get a token' }).waitFor()
        await go('Operator')
        await page.getByText('As of').waitFor()
        if (day === illDay) t.match(await tiles(page), /Not ready[^]*without callers, audit[^]*Down[^]*Stopped[^]*12 lines wait[^]*Redis down[^]*40 waiting[^]*2 locked[^]*Refused/)
        if (day === illDay) t.match(await page.locator('.locked').innerText(), /^2 names are locked now[^]*users unlock NAME\s+susan, at 192\.0\.2\.7, until [\d:]+\s+not proven \(0123abcd…\), at all/)
        for (const width of [1280, 768, 360]) {
          await page.setViewportSize({ width, height: 800 })
          await until(() => page.evaluate<boolean>('[...document.querySelectorAll("figure canvas")].every(canvas => canvas.clientWidth <= canvas.closest("figure").clientWidth)'))
          t.ok(await overflow() <= 0, `${name} at ${width} fits`)
          t.strictSame(await page.evaluate<string[]>(outside), [], `${name} at ${width}: nothing leaves its card`)
          // A list where a table would be cut.
          await until(async () => await page.locator('.audit table').count() === (width > 960 ? 1 : 0))
          // Each state is looked at in both schemes, and at both widths.
          if (width === ((day === busyDay) === (colorScheme === 'light') ? 1280 : 360)) t.strictSame(await faults(), [], `${name} at ${width}`)
          if (width !== 1280) continue
          const tops = await page.locator('.plot').evaluateAll(plots => plots.map(plot => plot.getBoundingClientRect().top))
          t.equal(new Set(tops).size, 1, 'all charts stand on one line')
          t.equal(tops.length, 3)
        }
        await page.setViewportSize({ width: 1280, height: 800 })
      }
      const keys = await page.locator('figure tbody tr:not(.all)').evaluateAll(rows => rows.map(row => [row.querySelector('th')!.textContent, row.querySelector('svg')!.getAttribute('class')] as const))
      for (const [name, key] of keys) t.equal(new Map(keys).get(name), key, `${name} has one colour`)
    })
  }

  await t.test('a broker that is not well looks so, and its reloads are listed', async t => {
    const ill = await startBroker({ users, settings: { OPERATORS: 'olga', AUDIT_LOG: '/dev/full', POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': `mode: audit\n${policy}` } })
    t.teardown(ill.close)
    const { page, signIn, faults } = await visit(t, ill.url, { path: '/#/operator' })
    await signIn('olga')
    await page.getByText('None since the start.').waitFor()
    t.strictSame(await faults(), [], 'idle')
    await ill.reload()
    await ill.write('users.htpasswd', 'nonsense')
    await ill.reload()
    // The sign-in itself could not be written.
    await page.locator('.bars').getByText('audit-unavailable').waitFor()
    await until(async () => /settings\s+taken[^]*users\s+refused .*: the old ones stay/.test(await page.locator('main').innerText()))
    // It tries again each second, and believes that it can.
    await until(async () => {
      await ask(ill.url, { as: olga, path: '/token/sync' })
      return /Not ready\s+without audit[^]*Stopped\s+no token is issued/.test(await tiles(page))
    })
    t.match(await page.locator('main').innerText(), /Locked names\s+0 locked\s+0 sign-ins refused[^]*nothing in the last hour/)
    await until(async () => /audit-unavailable\s+[1-9]/.test(await page.locator('.bars').innerText()))
    await until(async () => /sync\s+\d+\s+[1-9]/.test(await chart(page, 'Refusals').locator('tbody').innerText()))
    await page.getByText(/^\d+ lines? waits? until the audit can be written\./).waitFor()
    t.strictSame(await faults(), [], 'audit stopped')
  })

  await t.test('it is asked again and again while somebody looks, and not while nobody does', async t => {
    const { page, asked, signIn } = await visit(t, broker.url, { path: '/#/operator', before: page => page.clock.install() })
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

  await t.test('a broker that does not answer leaves its last figures, with their age', async t => {
    const { page, signIn, faults } = await visit(t, broker.url, { path: '/#/operator', before: page => page.clock.install() })
    await signIn('olga')
    await page.getByText('As of').waitFor()
    await page.route('**/operator.json*', route => route.fulfill({ status: 503, headers: { 'Retry-After': '2' }, contentType: 'application/problem+json', body: JSON.stringify({ code: 'store-unavailable', detail: 'The store of callers cannot be reached. Try again in 2 seconds.' }) }))
    await page.clock.runFor(POLL_MS)
    await page.getByRole('alert').getByText('The store of callers cannot be reached.').waitFor()
    await until(async () => /, \d+ s ago\./.test(await page.locator('.which').innerText()))
    t.match(await page.getByRole('alert').innerText(), /^The store of callers cannot be reached\.\s+store-unavailable/, 'there is nothing to press')
    await page.getByText(/^This page asks again in \d s\.$/).waitFor()
    await page.getByText('Last known state').waitFor()
    await page.getByRole('region', { name: 'State, as it was last known' }).waitFor()
    t.strictSame(await faults(), [])
    // Its answer is under way for as long as the test likes.
    await page.route('**/operator.json*', () => {})
    await page.clock.runFor(POLL_MS)
    await page.getByText('This page asks again now.').waitFor()
    await page.unrouteAll()
    await page.clock.runFor(40_000)
    await page.getByRole('alert').waitFor({ state: 'detached' })
  })

  await t.test('until the first answer, the page says that it waits', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/#/operator', before: page => page.route('**/operator.json*', () => {}) })
    await signIn('olga')
    await page.getByText('Loading…').waitFor()
  })

  await t.test('operators see which names are locked and how to unlock one', async t => {
    const until = given.at
    const locked = { names: 2, locks: [{ caller: 'susan', address: '192.0.2.7', until }, { caller: `hmac:${'0123456789abcdef'.repeat(4)}`, until }] }
    let change = (answer: OperatorData) => ({ ...answer, locked })
    const { page, signIn, faults } = await visit(t, broker.url, { path: '/#/operator', before: page => withClock(page, given, answer => change(answer)) })
    await signIn('olga')
    await page.getByRole('heading', { name: '2 names are locked now' }).waitFor()
    t.match(await page.locator('.locked').innerText(), /users unlock NAME\s+susan, at 192\.0\.2\.7, until [\d :-]+\s+not proven \(01234567…\), at all addresses but those where it signed in lately, until/)
    t.match(await page.locator('.locked').innerText(), /as people type passwords there/)
    t.strictSame(await faults(), [])
    change = answer => ({ ...answer, locked: { names: 1, locks: locked.locks.slice(0, 1) } })
    await page.clock.runFor(POLL_MS)
    await page.getByRole('heading', { name: '1 name is locked now' }).waitFor()
    t.notMatch(await page.locator('.locked').innerText(), /passwords there/)
    change = answer => ({ ...answer, locked: { names: 0, locks: [] } })
    await page.clock.runFor(POLL_MS)
    await page.locator('.locked').waitFor({ state: 'detached' })
  })

  await t.test('no bar hides another: equal products are of equal height, and a row shows its product alone', async t => {
    const change = (answer: OperatorData) => {
      const busy = busyDay(answer)
      return { ...busy, minutes: busy.minutes.map(slot => ({ ...slot, tokens: { video: 5, voice: 5, sync: 6 }, refusals: {} })) }
    }
    const { page, signIn } = await visit(t, broker.url, { path: '/#/operator', before: page => withClock(page, given, change) })
    await signIn('olga')
    await page.getByText('15 minutes', { exact: true }).click()
    const tokens = chart(page, 'Tokens')
    t.match(await tokens.locator('tbody tr').allInnerTexts(), [/^all\s+16\s+240$/, /^sync\s+6\s+90$/, /^video\s+5\s+75$/, /^voice\s+5\s+75$/])
    const [video, voice] = ['98,143,246', '168,116,29']
    const whole = 13.5 / 15
    await until(async () => await pixels(page, whole, video!) > 20)
    t.ok(Math.abs(await pixels(page, whole, video!) - await pixels(page, whole, voice!)) <= 2)
    const running = await pixels(page, 14.5 / 15, video!)
    t.ok(running > 0 && running < 6, `${running}: the bar of the running slot is hollow`)
    t.equal(await pixels(page, 14 / 15, video!), 0, 'nothing leads from one slot to the next')

    await tokens.getByRole('button', { name: 'voice' }).focus()
    await until(async () => await pixels(page, whole, video!) === 0)
    t.ok(await pixels(page, whole, voice!) > 20, 'voice alone')
    await page.keyboard.press('Shift+Tab')
    await until(async () => await pixels(page, whole, voice!) === 0)
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    await until(async () => await pixels(page, whole, video!) > 20)
    await tokens.getByRole('row', { name: /^voice/ }).hover()
    await until(async () => await pixels(page, whole, video!) === 0)
    await page.mouse.move(0, 0)
    await until(async () => await pixels(page, whole, video!) > 20)

    t.match(await chart(page, 'Refusals').locator('tbody').innerText(), /nothing in the last 15 minutes/)
    const left = (title: string) => chart(page, title).locator('.u-over').evaluate(over => (over as unknown as { offsetLeft: number }).offsetLeft)
    t.ok(await left('Refusals') < await left('Tokens'), 'a chart of nothing has no scale')
  })

  await t.test('several nodes behind one address are told apart, and one is shown', async t => {
    let asks = 0
    const nodes = ['web-1', 'web-2']
    const change = (answer: OperatorData) => {
      const host = nodes[asks++ % 2]!
      return { ...answer, minutes: [], node: { ...answer.node, id: host, host }, settings: { ...answer.settings, REDIS_URL: true } }
    }
    const { page, asked, signIn } = await visit(t, broker.url, { path: '/#/operator', before: page => withClock(page, given, change) })
    await signIn('olga')
    await page.getByText('These figures are of this node alone; limits are shared over Redis.').waitFor()
    await page.getByText('No request with credentials was refused.').waitFor()
    const choice = page.getByRole('combobox', { name: 'Nodes that answer here' })
    await page.clock.runFor(POLL_MS)
    await choice.waitFor()
    t.match(await page.locator('.which').innerText(), /^Node web-1, process \d+, version/)
    await choice.selectOption('web-2')
    t.match(await page.locator('.which').innerText(), /^Node web-2/)
    await page.clock.runFor(POLL_MS)
    await until(() => asked.filter(({ url }) => url.includes('operator.json')).length >= 3)
    t.ok(asked.findLast(({ url }) => url.includes('operator.json'))!.url.endsWith('after=0'), 'each answer has all lines, as it may be of either node')
  })

  await t.test('a request id leads to its line, and a tile to what it means', async t => {
    const { requestId } = (await ask(broker.url, { as: basic('maria', 'secret123'), path: '/token/sync' })).body as { requestId: string }
    for (let i = 0; i < 30; i++) await ask(broker.url, { as: basic('susan', 'secret123'), path: '/token/sync' })
    const { page, signIn } = await visit(t, broker.url, { path: `/#/operator/${requestId}` })
    await signIn('olga')
    await page.locator('tr.marked').getByText('maria').waitFor()
    t.equal(await rows(page).count(), 1)
    await page.getByLabel('Caller, identity').fill('')
    await until(async () => await rows(page).count() === 30)
    await page.setViewportSize({ width: 360, height: 800 })
    await until(async () => await page.locator('.audit li').count() === 20)
    await page.getByRole('button', { name: /^Show all \d+$/ }).click()
    await until(async () => await page.locator('.audit li').count() > 30)
    await page.locator('li.marked').getByText('maria').waitFor()
    await page.locator('li.marked').getByRole('link').click()
    await page.goto(`${broker.url}/#/operator/nobody%2Fhas-this`)
    await page.getByText('No such line here.').waitFor()
    await page.goto(`${broker.url}/#/operator`)
    await until(async () => await page.getByLabel('Caller, identity').inputValue() === '')
    await page.getByLabel('Caller, identity').fill('maria')
    await page.goto(`${broker.url}/#/operator/about-broker`)
    t.equal(await page.getByLabel('Caller, identity').inputValue(), 'maria', 'what somebody typed stays')
    await page.getByRole('button', { name: 'Show all lines' }).click()
    t.equal(await page.getByLabel('Caller, identity').inputValue(), '')
    await page.getByRole('link', { name: /^Audit/ }).click()
    await until(async () => /^Audit\s+No token leaves without its line/.test(await page.evaluate<string>('document.activeElement.innerText')))
  })

  await t.test('S122: others are refused the operators\' view, once', async t => {
    const { page, asked, signIn, faults } = await visit(t, broker.url, { path: '/#/operator', before: page => page.clock.install() })
    await signIn('susan')
    await page.getByRole('alert').getByText('Only operators may read this').waitFor()
    t.strictSame(await faults(), [])
    await page.clock.runFor(30_000)
    t.equal(await page.getByRole('figure').count(), 0)
    t.equal(asked.filter(({ url }) => url.includes('operator.json')).length, 1)
  })

  allWasWell('operator')
})

/** How many pixels of a colour are in a column of the first chart, at a part of its width. */
const pixels = (page: Page, part: number, colour: string) => page.evaluate<number>(`(() => {
  const canvas = document.querySelector('figure canvas')
  const over = document.querySelector('figure .u-over')
  const x = Math.round((over.offsetLeft + over.offsetWidth * ${part}) * devicePixelRatio)
  const copy = new OffscreenCanvas(1, Math.round((over.offsetTop + over.offsetHeight) * devicePixelRatio)).getContext('2d')
  copy.drawImage(canvas, -x, 0)
  const { data } = copy.getImageData(0, 0, 1, copy.canvas.height)
  return Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 3).join()).filter(one => one === '${colour}').length
})()`)

/** What stands out of a card or tile, and is not cut by something that scrolls. */
const outside = `[...document.querySelectorAll('.card, .tile')].flatMap(card => {
  const { left, right } = card.getBoundingClientRect()
  return [...card.querySelectorAll('*')].filter(part => !part.closest('.scroll, .plot, svg')).flatMap(part => {
    const box = part.getBoundingClientRect()
    return box.width > 0 && (box.left < left - 0.5 || box.right > right + 0.5) ? [part.outerHTML.slice(0, 80)] : []
  })
})`
