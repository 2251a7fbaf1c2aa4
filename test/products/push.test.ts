import t from 'tap'
import { secrets, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { open } from '../helpers/token.js'

const cr = (digit: string) => `CR${digit.repeat(32)}`
const general = { TWILIO_PUSH_CREDENTIAL_SID: cr('0') }
const platforms = { TWILIO_PUSH_CREDENTIAL_SID_IOS: cr('1'), TWILIO_PUSH_CREDENTIAL_SID_ANDROID: cr('2'), TWILIO_PUSH_CREDENTIAL_SID_WEB: cr('3') }
const pushOf = (token: string, product: string) => (open(token, secrets.keySecret).claims.grants[keys[product]!] as { push_credential_sid?: string }).push_credential_sid
const keys: Record<string, string> = { voice: 'voice', chat: 'chat', conversations: 'chat' }

t.test('a token takes along the push credential of the platform that is named, else the general one', async t => {
  const all = await startBroker({ settings: { ...general, ...platforms } })
  const onlyPlatforms = await startBroker({ settings: { ...platforms, TWILIO_PUSH_CREDENTIAL_SID_WEB: '' } })
  t.teardown(() => Promise.all([all.close(), onlyPlatforms.close()]))
  const rows: Array<{ url: string, push?: string, credential: string | undefined }> = [
    { url: all.url, credential: cr('0') },
    { url: all.url, push: 'ios', credential: cr('1') },
    { url: all.url, push: 'android', credential: cr('2') },
    { url: all.url, push: 'web', credential: cr('3') },
    { url: onlyPlatforms.url, credential: undefined },
    { url: onlyPlatforms.url, push: 'ios', credential: cr('1') }
  ]
  for (const product of ['voice', 'chat', 'conversations']) {
    for (const { url, push, credential } of rows) {
      const says = `${product} ${push}`
      const alone = await ask(url, { path: `/token/${product}`, as: susan, body: { push } })
      t.equal(alone.status, 200, says)
      t.equal(pushOf(alone.body.token, product), credential, says)
      const combined = await ask(url, { path: '/token', as: susan, body: { products: { [product]: { push } } } })
      t.equal(pushOf(combined.body.token, product), credential, `${says} in a token for several`)
    }
    t.has(await ask(onlyPlatforms.url, { path: `/token/${product}`, as: susan, body: { push: 'web' } }), {
      status: 403,
      body: { code: 'not-allowed', detail: 'push: not possible here, since TWILIO_PUSH_CREDENTIAL_SID_WEB is not set.', errors: [{ path: '/push' }] }
    }, `${product}: nothing else stands in for it`)
    t.has(await ask(all.url, { path: `/token/${product}`, as: susan, body: { push: 'fax' } }), { status: 400, body: { errors: [{ path: '/push' }] } }, product)
  }
  t.match(await ask(all.url, { path: '/token/video', as: susan, body: { push: 'ios' } }), { status: 400 }, 'video takes none')
})

t.test('products may share a setting only where they mean the same by it', async t => {
  const plugin = (rule: string) => `import { defineProduct, Type } from ${JSON.stringify(new URL('../../src/product.js', import.meta.url).href)}
    export default defineProduct({ name: 'pager', settings: Type.Object({ TWILIO_PUSH_CREDENTIAL_SID: ${rule} }), request: Type.Object({}), allow: Type.Object({}), grant: () => ({ key: 'pager', toPayload: () => ({}) }) })`
  const start = (rule: string) => startBroker({ settings: { ...general, PRODUCTS: 'voice,./pager.mjs' }, files: { 'pager.mjs': plugin(rule) } })
  const broker = await start('Type.Optional(Type.String({ pattern: \'^CR[0-9a-fA-F]{32}$\', description: \'CR and 32 hexadecimal digits\' }))')
  t.teardown(broker.close)
  t.match(await ask(broker.url, { path: '/token/pager', as: susan }), { status: 200 })
  t.match(await start('Type.Optional(Type.String())').catch((error: unknown) => error), { mistakes: [/^PRODUCTS: the plugin pager claims the setting TWILIO_PUSH_CREDENTIAL_SID, which is taken/] })
})
