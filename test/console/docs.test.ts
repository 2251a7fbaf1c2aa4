import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { until } from '../helpers/until.js'
import { setStage } from './stage.js'

t.test('the reference in the console', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

  await t.test('the reference shows every route once, with its products as tabs, and whether it is for its reader', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/docs' })
    await signIn('susan')
    const operations = page.getByRole('navigation', { name: 'Operations' })
    await operations.waitFor()
    const card = page.locator('#token-product')
    t.strictSame((await page.getByRole('heading', { level: 2 }).allInnerTexts()).filter(text => text.startsWith('/token')), ['/token/{product}', '/token'])
    await card.getByRole('tab', { name: 'video' }).click()
    await card.locator('#post-token-video').waitFor()
    const text = await card.innerText()
    t.match(text, /POST \/token\/video\s+A token for video\. You may call this\.[^]*room string, 1 to 128 characters required\s+My Room or support-\*, where \* is any text\s+ttl integer, 180 to 3600\s[^]*GET \/token\/video\s[^]*This always fails for you: a room has to be named\. Use POST\./)
    t.notMatch(text, /the name inside the token/, 'where none may be named, none is listed')
    t.strictSame(await card.locator('#get-token-video').getByRole('button').allInnerTexts(), [], 'what always fails is not offered')
    t.match(text, /curl -u susan \S+\/token\/video -H 'Content-Type: application\/json' -d '\{"room":"My Room","ttl":600\}'/)
    t.match(text, /Example of the answer 200\s+\{\s+"token": "eyJ…"/i)
    await card.getByRole('tab', { name: 'chat' }).click()
    await card.locator('#post-token-chat').waitFor()
    t.match(await card.innerText(), /POST \/token\/chat\s+A token for chat\. You may not call this\./)
    t.match(await page.locator('#metrics').innerText(), /You may not call this\./)
    await operations.getByRole('link', { name: 'Problem' }).click()
    await until(() => page.evaluate<boolean>('document.getElementById("Problem").getBoundingClientRect().top < innerHeight'))
    await until(() => page.evaluate<boolean>('document.activeElement.textContent === "Problem"'))
    await card.locator('#post-token-chat').getByText(/^\d+ refusals/).click()
    await card.locator('#post-token-chat').getByText('The policy does not allow this request.').waitFor()
    await page.getByRole('link', { name: 'Explain a token' }).click()
    await page.getByLabel('Token', { exact: true }).waitFor()
  })

  await t.test('its tabs are reached and chosen by the keyboard', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/#/docs' })
    await signIn('susan')
    const tabs = page.getByRole('tab')
    await tabs.first().waitFor()
    const names = await tabs.allInnerTexts()
    const chosen = () => page.evaluate<[string, string, string]>('[document.activeElement, document.querySelector("[aria-selected=true]"), document.querySelector("[role=tabpanel] .operation code")].map(element => element.textContent)')
    const press = async (key: string, name: string) => {
      await page.keyboard.press(key)
      await until(async () => (await chosen()).join() === [name, name, `/token/${name}`].join())
    }
    await tabs.first().focus()
    await press('ArrowRight', names[1]!)
    await press('ArrowLeft', names[0]!)
    await press('ArrowLeft', names.at(-1)!)
    await press('ArrowRight', names[0]!)
    await press('End', names.at(-1)!)
    await press('Home', names[0]!)
    t.equal(await page.locator('[role=tab][tabindex="0"]').count(), 1, 'one tab is in the order')
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate<boolean>('document.activeElement.closest("[role=tabpanel]") !== null'), true, 'the next is in its panel')
  })

  await t.test('a link to one operation chooses its product, in the form of old links too', async t => {
    const { page, signIn } = await visit(t, broker.url, { path: '/#docs/post-token-sync' })
    await signIn('susan')
    await page.locator('#post-token-sync').waitFor()
    t.equal(await page.getByRole('tab', { name: 'sync' }).getAttribute('aria-selected'), 'true')
    await page.goto(`${broker.url}/#/docs/get-token-voice`)
    await page.locator('#get-token-voice').waitFor()
  })

  await t.test('an operation is sent as the signed-in caller, with the body that was typed', async t => {
    const { page, asked, signIn } = await visit(t, broker.url, { path: '/#/docs/post-token-video' })
    await signIn('susan')
    const operation = page.locator('#post-token-video')
    const send = operation.getByRole('button', { name: 'Send it to POST /token/video' })
    await send.click()
    const answer = operation.getByLabel('Answer', { exact: true })
    await answer.waitFor()
    t.match(JSON.parse(await answer.innerText()), { token: /^eyJ/, identity: 'susan', expiresIn: 600 })
    t.has((await broker.audit()).at(-1), { event: 'token.issued', caller: 'susan', products: ['video'], ttl: 600 })

    const { token } = JSON.parse(await answer.innerText()) as { token: string }
    await operation.getByRole('button', { name: 'Copy Answer' }).waitFor()
    await operation.getByRole('link', { name: 'Explain this token' }).click()
    await page.getByRole('heading', { name: 'No reason found for Twilio to refuse it' }).waitFor()
    t.equal(await page.getByLabel('Token', { exact: true }).inputValue(), token)
    t.notMatch(page.url(), token, 'no token is in an address')
    await page.goBack()
    await send.waitFor()

    const body = operation.getByLabel('Body to send')
    await body.fill('{"room":"elsewhere"}')
    await send.click()
    await operation.getByRole('alert').getByText('not-allowed').waitFor()
    const before = asked.length
    for (const wrong of ['{', '[]', 'null', '1']) {
      await body.fill(wrong)
      await send.click()
      await operation.getByRole('alert').getByText('It was not sent.').waitFor()
    }
    t.equal(asked.length, before)

    const get = page.locator('#get-healthz')
    t.equal(await page.locator('#healthz').getByText('/healthz', { exact: true }).count(), 1, 'a heading does not say the path of its card again')
    t.match(await get.getByRole('heading', { level: 3 }).first().innerText(), /^GET Whether the process lives$/)
    await get.getByRole('button', { name: 'Send it' }).click()
    await get.getByLabel('Answer', { exact: true }).getByText('"alive": true').waitFor()
    t.equal(await page.locator('#session').getByRole('button', { name: 'Send it' }).count(), 0, 'sessions are the page\'s own')
  })

  allWasWell('docs')
})
