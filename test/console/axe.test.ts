import t from 'tap'
import { chromiumMissing } from '../browser/chromium.js'
import { until } from '../helpers/until.js'
import { ended } from './ended.js'
import { setStage } from './stage.js'

t.test('the console for all eyes', { skip: chromiumMissing() }, async t => {
  const { broker, visit, allWasWell } = await setStage(t, { counted: false })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      await t.test(`axe finds nothing in any view, ${colorScheme} at ${width} pixels, and none is wider than its window`, async t => {
        const { page, signIn, go, faults, overflow, leaving } = await visit(t, broker.url, { colorScheme, width, before: page => page.clock.install() })
        const look = async (view: string) => {
          t.strictSame(await faults(), [], view)
          t.ok(await overflow() <= 0, `${view} fits`)
          t.strictSame(await leaving(), [], `nothing leaves its card in ${view}`)
        }
        await look('sign in')
        await signIn('olga', 'wrong-one')
        await page.getByRole('alert').waitFor()
        await page.getByRole('button', { name: 'Show password' }).click()
        await page.getByLabel('Password').dispatchEvent('keydown', { key: 'A', modifierCapsLock: true })
        await page.getByText('Use a bearer token instead').click()
        await look('wrong password')
        await signIn('olga')
        await page.getByText('Signed in as olga').waitFor()
        await page.getByRole('checkbox', { name: 'Voice' }).check()
        await look('get a token')
        await page.getByLabel('room').fill('My Room')
        await page.getByLabel('ttl').fill('180')
        await page.getByRole('button', { name: 'Get one token for all' }).click()
        await page.getByRole('timer').waitFor()
        await page.getByText('Header and claims as JSON').click()
        await look('a token')
        await page.getByLabel('ttl').fill('600')
        // In steps, as time goes by on a slow machine, too.
        await until(async () => {
          await page.clock.runFor(10_000)
          return page.getByText('The token ends within a minute.').isVisible()
        }, 60_000)
        await look('a token in its last minute, for what the form said before')
        await page.clock.runFor(60_000)
        await page.getByRole('button', { name: 'Get a new one' }).waitFor()
        await look('a token that has ended')
        await go('Explain a token')
        await page.getByLabel('Token', { exact: true }).fill(ended)
        await look('explain')
        await go('Error codes')
        await page.getByRole('searchbox').waitFor()
        await look('codes')
        await page.getByRole('link', { name: '20104' }).click()
        await page.getByRole('heading', { name: '20104' }).waitFor()
        await look('a code')
        await go('Operator')
        await page.getByText('As of').waitFor()
        await look('operator')
        await go('API reference')
        await page.getByRole('navigation', { name: 'Operations' }).waitFor()
        await page.locator('details').first().click()
        await page.getByRole('button', { name: 'Send it to GET /healthz' }).click()
        await page.getByLabel('Answer', { exact: true }).waitFor()
        await look('reference')
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByText('You are signed out.').waitFor()
        await look('signed out')
      })
    }
  }

  allWasWell()
})
