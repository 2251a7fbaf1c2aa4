import t from 'tap'
import { Page } from '../../helpers/page.js'
import { started } from './nodes.js'

const places: Array<{ what: string, seenAs: (url: string) => string, publicUrl?: string, status: number }> = [
  { what: 'a proxy that strips a prefix', seenAs: () => 'https://example.com/twilio', status: 201 },
  { what: 'a proxy with a name of its own', seenAs: () => 'https://tokens.example.com', status: 201 },
  { what: 'a proxy that strips a prefix, with PUBLIC_URL', seenAs: () => 'https://example.com/twilio', publicUrl: 'https://example.com/twilio', status: 201 },
  { what: 'its own address, with PUBLIC_URL', seenAs: url => url, publicUrl: 'https://example.com/twilio', status: 201 },
  { what: 'another prefix than that of PUBLIC_URL', seenAs: () => 'https://example.com/other', publicUrl: 'https://example.com/twilio', status: 401 },
  { what: 'another origin than that of PUBLIC_URL', seenAs: () => 'https://evil.test/twilio', publicUrl: 'https://example.com/twilio', status: 401 }
]

for (const { what, seenAs, publicUrl, status } of places) {
  t.test(`a page that sees the broker behind ${what} gets ${status === 201 ? 'a session' : 'none'}`, async t => {
    const { url } = await started(t, { settings: publicUrl === undefined ? {} : { PUBLIC_URL: publicUrl } })
    const page = new Page(url, seenAs(url))
    t.match(await page.open(), { status })
    if (status === 201) for (const request of [{}, { path: '/token' }, { method: 'DELETE', path: '/session' }]) t.match((await page.ask(request)).status, /^20[04]$/)
  })
}
