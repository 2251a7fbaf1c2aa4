import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import secureSession from '@fastify/secure-session'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { BrokerOptions } from '../../src/index.js'
import type { TokenBroker } from '../../src/client/index.js'
import { bundleClient } from '../browser/bundle.js'
import { chromiumMissing, launchChromium } from '../browser/chromium.js'
import { application, token, type Embedded } from '../helpers/embedded.js'
import { root } from '../helpers/root.js'

const html = '<!doctype html><title>A page</title><body>'

declare global {
  /** What page/other-site.js offers inside the page. */
  const attacks: Record<string, (url: string) => Promise<unknown>>
}

t.test('S4: a page of its own application gets tokens by its cookie in Chromium, and a page of another origin none', { skip: chromiumMissing() }, async t => {
  let asked = 0
  const app = await application({
    setUp (app) {
      app.register(secureSession, { key: Buffer.alloc(32, 'k'), cookie: { path: '/', httpOnly: true, sameSite: 'lax' } })
      app.get('/page', async (_request, reply) => reply.type('text/html').send(html))
      app.get('/client.js', async (_request, reply) => reply.type('text/javascript').send(await bundleClient()))
      app.get('/login', async request => {
        (request.session as unknown as { set (key: string, value: string): void }).set('user', 'susan')
        return {}
      })
    },
    brokers: [{
      identify: ((request: FastifyRequest) => {
        asked++
        const name = (request.session as unknown as { get (key: string): string | undefined }).get('user')
        return name === undefined ? null : { name }
      }) as BrokerOptions['identify']
    } as Embedded]
  })
  t.teardown(app.close)
  // Another port is another origin, and the same site: SameSite keeps no cookie from it.
  const other = createServer(async (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(`${html}<script>${await readFile(join(root, 'test/browser/page/other-site.js'), 'utf8')}</script>`))
  await once(other.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => { other.close().closeAllConnections() })
  const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`

  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${app.url}/page`)
  const ask = () => page.evaluate(async () => {
    const { TokenBroker } = await import('/client.js' as string) as { TokenBroker: new (options: object) => TokenBroker }
    const broker = new TokenBroker({ url: '/twilio', credentials: 'same-origin' })
    return broker.token('video').then(token => JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))).grants.identity as string, error => `${error.name} ${error.code}`)
  })
  t.equal(await ask(), 'SignInError credentials-missing', 'and no dialog asks for a password')
  await page.evaluate(() => fetch('/login'))
  t.equal(await ask(), 'susan')
  t.equal(asked, 2)

  const strange = await page.context().newPage()
  await strange.goto(elsewhere)
  for (const title of await strange.evaluate(() => Object.keys(attacks))) {
    await strange.goto(elsewhere)
    await strange.evaluate(async ({ title, url }) => attacks[title]!(url).catch(() => {}), { title, url: app.url + token })
    t.equal(asked, 2, title)
  }
  t.equal(await ask(), 'susan', 'all the while the user is signed in')
  t.equal((await app.audit()).filter(({ event }) => event === 'token.issued').length, 2)
})
