import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { secrets, startBroker, susan, type Broker } from '../helpers/broker.js'
import { application, settings, token } from '../helpers/embedded.js'
import { ask } from '../helpers/http.js'
import { open } from '../helpers/token.js'
import { until } from '../helpers/until.js'

const next = { sid: `SK${'9'.repeat(32)}`, secret: 'f00dfacef00dfacef00dfacef00dface' }
const inUse = { sid: secrets.keySid, secret: secrets.keySecret }
const unset = { TWILIO_API_KEY_SID: '', TWILIO_API_KEY_SECRET: '' }

/** Asks for a token. @returns the SID and the secret that it is signed by; throws where the two are not of one key */
async function keyOf (url: string, path?: string): Promise<string> {
  const { status, body } = await ask(url, { as: susan, path })
  if (status !== 200) throw new Error(`${status} ${body.code}`)
  const { iss } = JSON.parse(Buffer.from(body.token.split('.')[1]!, 'base64url').toString()) as { iss: string }
  open(body.token, [inUse, next].find(({ sid }) => sid === iss)!.secret)
  return iss
}

/** A folder of secrets as Kubernetes mounts one: each file is a link through `..data`, which is exchanged for another folder. */
function mounted (t: Test, files: Record<string, string>) {
  const folder = t.testdir()
  let version = 0
  const update = (content: Record<string, string>) => {
    const name = `..2026_${++version}`
    mkdirSync(join(folder, name))
    for (const [file, text] of Object.entries(content)) writeFileSync(join(folder, name, file), text, { mode: 0o600 })
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  update(files)
  for (const file of Object.keys(files)) symlinkSync(join('..data', file), join(folder, file))
  return { path: (file: string) => join(folder, file), update }
}

/** Waits until a reload was logged that came after the call. */
async function reloaded (broker: Pick<Broker, 'log'>, change: () => unknown): Promise<void> {
  const count = () => broker.log().split('"settings taken"').length
  const before = count()
  await change()
  await until(() => count() > before)
}

t.test('O20: a folder of secrets that is swapped in place is taken up whole, without a signal', async t => {
  const folder = mounted(t, { sid: `${inUse.sid}\n`, secret: inUse.secret, session: 's'.repeat(32) })
  const broker = await startBroker({
    settings: { ...unset, TWILIO_API_KEY_SID_FILE: folder.path('sid'), TWILIO_API_KEY_SECRET_FILE: folder.path('secret'), SESSION_SECRET_FILE: folder.path('session') }
  })
  t.teardown(broker.close)
  t.equal(await keyOf(broker.url), inUse.sid)
  folder.update({ ...next, session: 'z'.repeat(32) })
  await until(async () => await keyOf(broker.url) === next.sid)
  t.match(broker.log(), /SESSION_SECRET has changed/, 'the other files of the folder, too')
  t.notMatch(broker.log(), /goes on signing/)

  folder.update({ sid: inUse.sid, secret: '', session: 'z'.repeat(32) })
  await until(() => /settings not taken, the old ones stay: .*TWILIO_API_KEY_SECRET/.test(broker.log()))
  t.equal(await keyOf(broker.url), next.sid, 'a file that is wrong changes nothing')
  folder.update({ ...inUse, session: 'z'.repeat(32) })
  await until(async () => await keyOf(broker.url) === inUse.sid)
})

t.test('O21: an API key is taken only when SID and secret have both changed, whichever is written first, or on SIGHUP', async t => {
  const cases = [
    { first: 'secret', then: 'sid', says: /TWILIO_API_KEY_SECRET has changed and TWILIO_API_KEY_SID has not, so the old API key goes on signing/ },
    { first: 'sid', then: 'secret', says: /TWILIO_API_KEY_SID has changed and TWILIO_API_KEY_SECRET has not, so the old API key goes on signing/ }
  ] as const
  for (const { first, then, says } of cases) {
    await t.test(`${first}, then ${then}`, async t => {
      const folder = t.testdir({ ...inUse })
      const broker = await startBroker({
        settings: { ...unset, TWILIO_API_KEY_SID_FILE: join(folder, 'sid'), TWILIO_API_KEY_SECRET_FILE: join(folder, 'secret') }
      })
      t.teardown(broker.close)
      const write = (name: 'sid' | 'secret', text: string) => writeFileSync(join(folder, name), text)
      await reloaded(broker, () => write(first, next[first]))
      t.match(broker.log(), says)
      t.equal(await keyOf(broker.url), inUse.sid, 'half of a key signs nothing')
      await reloaded(broker, () => write(then, next[then]))
      t.equal(await keyOf(broker.url), next.sid)

      await reloaded(broker, () => write('secret', inUse.secret))
      t.equal(await keyOf(broker.url), next.sid)
      await broker.reload()
      const { body } = await ask(broker.url, { as: susan })
      t.equal(open(body.token, inUse.secret).claims.iss, next.sid, 'a secret that was mistyped is put right by SIGHUP')
      await reloaded(broker, () => write('sid', inUse.sid))
      t.equal(await keyOf(broker.url), inUse.sid, 'the half that stayed then may follow by itself')
    })
  }
})

t.test('the same holds for a change of .env, and the rest of that change is taken', async t => {
  const env = ({ sid, secret }: typeof next, more = '') => `TWILIO_API_KEY_SID=${sid}\nTWILIO_API_KEY_SECRET=${secret}\n${more}`
  const broker = await startBroker({ settings: unset, files: { '.env': env(inUse) } })
  t.teardown(broker.close)
  await reloaded(broker, () => broker.write('.env', env({ ...inUse, secret: next.secret }, 'TOKEN_TTL=900\n')))
  const { body } = await ask(broker.url, { as: susan })
  t.equal(body.expiresIn, 900)
  t.equal(open(body.token, inUse.secret).claims.iss, inUse.sid)
  await reloaded(broker, () => broker.write('.env', env(next)))
  t.equal(await keyOf(broker.url), next.sid)
})

t.test('a file that names a store or Redis is watched as well, and says that it takes a restart', async t => {
  const folder = mounted(t, { redis: 'redis://127.0.0.1:9' })
  const broker = await startBroker({ settings: { REDIS_URL_FILE: folder.path('redis') } })
  t.teardown(broker.close)
  folder.update({ redis: 'redis://127.0.0.1:10' })
  await until(() => /REDIS_URL has changed/.test(broker.log()))
  t.match(broker.log(), /REDIS_URL has changed, which needs a restart/)
})

t.test('inside an application the files are watched, too', async t => {
  const folder = mounted(t, { sid: inUse.sid, secret: inUse.secret })
  const { url, close } = await application({
    brokers: [{ settings: { ...settings, ...unset, TWILIO_API_KEY_SID_FILE: folder.path('sid'), TWILIO_API_KEY_SECRET_FILE: folder.path('secret') } }]
  })
  t.teardown(close)
  t.equal(await keyOf(url, token), inUse.sid)
  folder.update(next)
  await until(async () => await keyOf(url, token) === next.sid)
})
