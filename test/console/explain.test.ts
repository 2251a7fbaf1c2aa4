import t from 'tap'
import { allCodes } from '../../src/console/code-search.js'
import { chromiumMissing } from '../browser/chromium.js'
import { basic } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { token } from '../helpers/made-token.js'
import { claims } from '../diagnose/token/broken/claims.js'
import { envelope } from '../diagnose/token/broken/envelope.js'
import { grants } from '../diagnose/token/broken/grants.js'
import { pasted } from '../diagnose/token/broken/pasted.js'
import { times } from '../diagnose/token/broken/times.js'
import { until } from '../helpers/until.js'
import { ended } from './ended.js'
import { setStage } from './stage.js'

const broken = [...pasted, ...envelope, ...claims, ...times, ...grants]

/** Chromium looks for the icon again whenever the address changes. */
const withoutIcons = (asked: Array<{ url: string }>) => asked.map(({ url }) => url).filter(url => !url.endsWith('.svg'))

t.test('having a token explained in the console', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

  await t.test('S123: a token that has ended, or is none, is explained, and nothing of it is sent', async t => {
    const { page, asked, go } = await visit(t, broker.url, { timeZone: 'Asia/Kolkata' })
    await go('Explain a token')
    await page.getByText('The answer appears here as you paste.').waitFor()
    const before = withoutIcons(asked)
    const box = page.getByLabel('Token', { exact: true })
    const findings = page.locator('.findings')
    await box.fill(ended)
    await page.getByRole('heading', { name: 'Twilio would refuse it' }).waitFor()
    t.match(await findings.innerText(), /^20104 Access token expired, or its end is not valid in Voice 31205\s+refused it ended \d+ (days|years) ago[^]*What to do: Ask for a fresh token/)
    t.match(await page.locator('.rows').innerText(), /may enter the video room My Room[^]*issued\s+15 Nov 2023, 03:43:20 GMT\+5:30[^]*ends\s+15 Nov 2023, 04:43:20 GMT\+5:30/)
    await box.fill(token({ grants: { video: { roomName: 'My Room' } } }))
    await page.getByRole('heading', { name: 'Twilio would refuse it, or give its holder something else than was meant' }).waitFor()
    t.match(await findings.innerText(), /wrong Twilio reads no video\.roomName; it is called video\.room, and without it the holder may enter any room\s+What to do: Write video\.room in the place of video\.roomName\./)
    await box.fill('undefined')
    await findings.getByText('what JavaScript makes of a missing value').waitFor()
    t.equal(await page.locator('.rows').count(), 0)
    await box.fill('AccessTokenInvalid (20101), see also 53000 and 99999')
    await page.getByRole('heading', { name: 'This is an error message and no token' }).waitFor()
    t.equal(await page.locator('article h2.bad').count(), 0, 'a message is no token that Twilio refuses')
    await page.getByText('It names 3 codes:').waitFor()
    t.match(await findings.innerText(), /^20101 Invalid access token\s+53000 The signalling connection failed\s+99999 is not explained here\. Twilio’s page about 99999$/)
    await box.fill('ConnectionError (53000)')
    await page.getByText('It names a code:').waitFor()
    const { body: { token: issued } } = await ask(broker.url, { as: basic('susan', 'secret123'), body: { room: 'My Room' } })
    await box.fill(`{"token":"${issued}"}`)
    await page.getByRole('heading', { name: 'No reason found for Twilio to refuse it' }).waitFor()
    await page.getByText('The signature was not checked').waitFor()
    await page.setViewportSize({ width: 360, height: 640 })
    await box.fill('')
    await box.fill(issued)
    t.ok(await page.evaluate<boolean>('document.querySelector("article").getBoundingClientRect().top < innerHeight / 2'), 'on a phone the answer comes into view')
    t.strictSame(withoutIcons(asked), before, 'no request')
  })

  await t.test('each code and each finding of a token is named once, what Twilio refuses first', async t => {
    const { page } = await visit(t, broker.url, { path: '/#/explain' })
    // iss and sub are two findings of one code, and jti is advice of another.
    await page.getByLabel('Token', { exact: true }).fill(token({ claims: { iss: undefined, sub: undefined, jti: undefined, exp: 3600 } }))
    const items = page.locator('.findings > li')
    await items.first().waitFor()
    const texts = await items.allInnerTexts()
    t.match(texts, [/^20103 [^]*refused iss is missing[^]*What to do: Write the SID of the API key[^]*refused sub is missing[^]*What to do: Write the SID of the account/, /^20104 [^]*refused exp is 3600[^]*What to do: Write exp = iat \+ ttl, in seconds since 1970\.$/, /^20101 [^]*advice jti is missing/])
    const whole = await page.locator('main').innerText()
    for (const once of ['20103', '20104', '20101', 'iss is missing', 'sub is missing', 'exp is 3600', 'jti is missing']) t.equal(whole.split(once).length, 2, once)
    t.notMatch(texts[2], /What to do/, 'advice says it itself')
  })

  await t.test('a token that ends while it is read is said to have ended', async t => {
    const { page } = await visit(t, broker.url, { path: '/#/explain', before: page => page.clock.install() })
    const now = Math.floor(Date.now() / 1000)
    await page.getByLabel('Token', { exact: true }).fill(token({ claims: { iat: now, exp: now + 600 } }))
    await page.getByRole('heading', { name: 'No reason found for Twilio to refuse it' }).waitFor()
    await page.clock.fastForward(700_000)
    await page.getByRole('heading', { name: 'Twilio would refuse it' }).waitFor()
  })

  await t.test('a finding leads to its code, and the way back to the finding is the browser\'s', async t => {
    const { page } = await visit(t, broker.url, { path: '/#explain' })
    await page.getByLabel('Token', { exact: true }).fill(ended)
    await page.getByRole('link', { name: '20104 Access token expired' }).click()
    await page.getByRole('heading', { name: '20104 Access token expired, or its end is not valid' }).waitFor()
    t.match(page.url(), /\/#\/codes\/20104$/)
    t.equal(await page.getByRole('link', { name: 'Error codes' }).getAttribute('aria-current'), 'page')
    await page.goBack()
    await page.getByLabel('Token', { exact: true }).waitFor()
  })

  await t.test('a code has a link of its own, which opens directly, and back and forward lead through them', async t => {
    const { page, asked } = await visit(t, broker.url, { path: '/#/codes/31202' })
    const heading = (name: string) => page.getByRole('heading', { name })
    await heading('31202 Voice: the signature is not right').waitFor()
    await until(async () => await page.title() === '31202 · Error codes · twilio-token-broker')
    t.match(await page.locator('article.code').innerText(), /Causes[^]*the secret is not that of the API key[^]*How to tell[^]*What to do\s+See 20107\.[^]*The Voice SDK shows it as 53000/)
    const before = withoutIcons(asked)
    await page.getByRole('link', { name: '20107', exact: true }).click()
    await heading('20107 Invalid access token signature').waitFor()
    await until(() => page.evaluate<boolean>('document.activeElement.id === "explanation"'))
    await until(async () => await page.title() === '20107 · Error codes · twilio-token-broker')
    await page.goBack()
    await heading('31202').waitFor()
    await page.goForward()
    await heading('20107').waitFor()
    await page.getByText('Explain a token says the same, except that it cannot check the signature.').waitFor()
    t.strictSame(await page.locator('article.code p:not(.fine) code').allInnerTexts(), ['npx twilio-token-broker inspect', 'npx twilio-token-broker check --online'], 'commands look like such, and run as they stand')
    t.match(await page.getByRole('link', { name: 'Twilio’s page about 20107' }).getAttribute('href'), 'https://www.twilio.com/docs/api/errors/20107')
    await page.getByRole('link', { name: 'All codes' }).click()
    await until(() => page.evaluate<boolean>('document.activeElement.id === "code-20107"'))
    await until(async () => await page.title() === 'Error codes · twilio-token-broker')
    t.strictSame(withoutIcons(asked), before, 'no request')
    await page.goto(`${broker.url}/#/codes/99999`)
    await heading('99999 is not explained here').waitFor()
  })

  await t.test('codes are found by a message, a part of the number, or words', async t => {
    const { page, go } = await visit(t, broker.url)
    await go('Error codes')
    const search = page.getByRole('searchbox', { name: 'Error code' })
    const status = page.getByRole('status')
    await status.getByText(/^(\d+) of \1 codes$/).waitFor()
    await search.fill('ConnectionError (53000): see 99999')
    await page.getByText('99999 is not explained here').waitFor()
    t.equal(await page.locator('.code-list li').count(), 1)
    await search.fill('no such words')
    await status.getByText('No code that is explained here.').waitFor()
    await search.press('Enter')
    await search.fill('SIGNATURE secret')
    await page.getByRole('link', { name: '20107 Invalid access token signature the secret is not that of the API key' }).waitFor()
    await search.press('Enter')
    await page.waitForURL(/#\/codes\/20107$/)
    await page.getByRole('heading', { name: '20107' }).waitFor()
    await page.goBack()
    t.equal(await search.inputValue(), 'SIGNATURE secret', 'the search is still there')
    await page.goto(`${broker.url}/#/codes/nonsense`)
    await search.waitFor()
  })

  await t.test('no finding is wider than a phone, and nothing leaves its card', async t => {
    const { page, overflow, leaving } = await visit(t, broker.url, { path: '/#/explain', width: 360 })
    const box = page.getByLabel('Token', { exact: true })
    await box.waitFor()
    for (const { what, given } of broken) {
      await box.fill(given)
      await page.locator(given === '' ? '.empty' : 'article').waitFor()
      t.ok(await overflow() <= 0, `${what} fits`)
      t.strictSame(await leaving(), [], `nothing leaves its card: ${what}`)
    }
  })

  await t.test('no explanation of a code is wider than a phone', async t => {
    const { page, overflow, leaving } = await visit(t, broker.url, { path: '/#/codes', width: 360 })
    await page.getByRole('searchbox').waitFor()
    for (const [code] of allCodes) {
      await page.evaluate(`location.hash = '#/codes/${code}'`)
      await page.locator('#explanation').getByText(String(code), { exact: true }).waitFor()
      t.strictSame([await leaving(), await overflow()], [[], 0], String(code))
    }
  })

  allWasWell('explain')
})
