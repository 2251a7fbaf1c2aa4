import t from 'tap'
import { basic, susan } from '../../helpers/broker.js'
import { Page, type PageAsk, signedIn } from '../../helpers/page.js'
import { refused, started } from './nodes.js'

t.test('S57: a session as a bearer token is wrong credentials', async t => {
  const { url, audit } = await started(t)
  const page = await signedIn(url)
  const routes = [{}, { method: 'GET', path: '/openapi.json' }, { path: '/session' }, { method: 'DELETE', path: '/session' }]
  for (const request of routes) {
    for (const as of [`Bearer ${page.session}`, `bearer  ${page.session}`, 'Bearer ttb_']) {
      t.has(await page.ask({ ...request, as }), refused('credentials-wrong'), `${as.slice(0, 20)} ${JSON.stringify(request)}`)
    }
  }
  t.has((await audit()).at(-1), { event: 'token.refused', code: 'credentials-wrong', via: 'session' })
})

t.test('S58: a page of another site can neither sign its visitor in nor use what it has', async t => {
  const { url } = await started(t, { settings: { CORS_ORIGINS: 'https://app.example.com' } })
  const page = new Page(url)
  const foreign: Array<Record<string, string>> = [
    { Origin: 'https://evil.test' },
    { Origin: 'null' },
    { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Mode': 'navigate' }
  ]
  for (const headers of foreign) {
    t.has(await page.open({ headers }), { status: 403, headers: { 'set-cookie': undefined, 'access-control-allow-origin': undefined }, body: { code: 'origin-refused' } })
  }
  await page.open({ headers: { Origin: 'https://app.example.com' } })
  t.match(await page.ask({ headers: { Origin: 'https://evil.test' } }), { status: 403 })
  t.match(await page.end({ headers: { Origin: 'https://evil.test' } }), { status: 403 })
  t.match(await page.ask({ headers: { Origin: 'https://app.example.com' } }), { status: 200 })
})

t.test('S59: no session is taken from anywhere but its header', async t => {
  const { url } = await started(t)
  const page = await signedIn(url)
  const { session } = page
  const rows: Array<{ what: string, request: PageAsk, status: number }> = [
    { what: 'a query', request: { path: `/token/video?session=${session}`, headers: { Authorization: '' } }, status: 401 },
    { what: 'a query beside Basic', request: { path: `/token/video?session=${session}`, as: susan }, status: 400 },
    { what: 'a cookie', request: { headers: { Authorization: '', Cookie: `session=${session}` } }, status: 401 },
    { what: 'the body', request: { path: '/token', headers: { Authorization: '' }, body: { session } }, status: 401 },
    { what: 'the password', request: { as: basic('susan', session) }, status: 401 }
  ]
  for (const { what, request, status } of rows) t.equal((await page.ask(request)).status, status, what)
})
