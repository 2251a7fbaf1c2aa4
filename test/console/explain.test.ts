import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { basic } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { token } from '../helpers/made-token.js'
import { ended } from './ended.js'
import { setStage } from './stage.js'

t.test('having a token explained in the console', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

  await t.test('a token that has ended, or is none, is explained, and nothing of it is sent', async t => {
    const { page, asked, go } = await visit(t, broker.url)
    await go('Explain a token')
    await page.getByText('The answer stands here as you paste.').waitFor()
    const before = asked.length
    const box = page.getByLabel('Token', { exact: true })
    await box.fill(ended)
    await page.getByRole('heading', { name: 'Twilio would refuse it' }).waitFor()
    t.match(await page.locator('.findings').innerText(), /refused 20104 \(Voice: 31205\) it ended \d+ (days|years) ago/)
    t.match(await page.locator('article.code').innerText(), /20104 access token expired[^]*Causes[^]*its time is over[^]*What to do[^]*Ask for a fresh token/)
    t.match(await page.locator('.rows').innerText(), /may enter the video room My Room/)
    await box.fill(token({ grants: { video: { roomName: 'My Room' } } }))
    await page.getByRole('heading', { name: 'Twilio would refuse it, or give its holder something else than was meant' }).waitFor()
    t.match(await page.locator('.findings').innerText(), /wrong 20106 \(Voice: 31204\) Twilio reads no video\.roomName; it is called video\.room, and without it the holder may enter any room/)
    await box.fill('undefined')
    await page.getByText(/refused 20101/).waitFor()
    t.equal(await page.locator('.rows').count(), 0)
    const { body: { token: issued } } = await ask(broker.url, { as: basic('susan', 'secret123'), body: { room: 'My Room' } })
    await box.fill(`{"token":"${issued}"}`)
    await page.getByRole('heading', { name: 'No reason found for Twilio to refuse it' }).waitFor()
    t.equal(asked.length, before, 'no request')
  })

  await t.test('a code of Twilio\'s gives cause and fix', async t => {
    const { page, go } = await visit(t, broker.url)
    await go('Explain a token')
    const code = page.getByLabel('Error code')
    await code.fill('ConnectionError (53000): see 99999')
    await page.getByRole('heading', { name: '53000 the signalling connection failed' }).waitFor()
    await page.getByText('is not explained here').waitFor()
    await code.fill('20107')
    await page.getByText('Voice reports the same error as 31202').waitFor()
    await code.fill('hello')
    await page.getByText('has five digits').waitFor()
  })

  allWasWell('explain')
})
