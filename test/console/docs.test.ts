import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { until } from '../helpers/until.js'
import { setStage } from './stage.js'

t.test('the reference in the console', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t)

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
    await page.getByLabel('Token', { exact: true }).waitFor()
  })

  allWasWell('docs')
})
