import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { complete, startBroker } from './helpers/broker.js'
import { ask } from './helpers/http.js'
import { startProvider } from './helpers/provider.js'
import { root } from './helpers/root.js'
import { readSettings } from '../src/settings/load.js'

const page = await readFile(join(root, 'docs/identity-providers.md'), 'utf8')
const sections = page.split(/^## /m).map(text => ({
  name: text.split('\n', 1)[0]!,
  ini: /```ini\n([^`]*)```/.exec(text)?.[1],
  json: /```json\n([^`]*)```/.exec(text)?.[1]
})).filter(({ ini }) => ini !== undefined)

t.test('the page has settings for seven providers', async t => {
  t.same(sections.map(({ name }) => name), ['Auth0', 'Microsoft Entra ID', 'Keycloak', 'Amazon Cognito', 'Firebase Authentication', 'Supabase Auth', 'Clerk'])
})

for (const { name, ini, json } of sections) {
  t.test(`with the page's settings for ${name}, a token with the page's claims gets one for Voice, and one without aud gets none`, async t => {
    const settings: Record<string, string> = Object.fromEntries(ini!.trim().split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    const claims = JSON.parse(json!) as Record<string, unknown>
    t.equal(claims.iss, settings.JWT_ISSUER)
    const { diagnostics } = await readSettings({ ...complete, ...settings }, t.testdir({}))
    t.same(diagnostics.filter(({ level }) => level === 'mistake'), [])

    const provider = await startProvider()
    t.teardown(provider.close)
    // The provider of the test has another address, and says itself where its keys are.
    const { JWT_KEYS: _, ...own } = settings
    const broker = await startBroker({ settings: { ...own, JWT_ISSUER: provider.issuer, POLICY_FILE: 'policy.yaml' }, users: null, files: { 'policy.yaml': 'rules: [{ who: ["jwt-group:support"], allow: { voice: {} } }]' } })
    t.teardown(broker.close)
    const asking = (more: object = {}) => ask(broker.url, { path: '/token/voice', as: provider.bearer({ claims: { azp: undefined, ...claims, iss: provider.issuer, ...more } }) })
    t.match(await asking(), { status: 200, body: { identity: /^\w+$/ } })
    t.has(await asking({ aud: undefined }), { status: 401, body: { code: 'bearer-misdirected' } })
  })
}
