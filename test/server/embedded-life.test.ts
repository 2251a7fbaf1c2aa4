import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { susan } from '../helpers/broker.js'
import { application, token } from '../helpers/embedded.js'
import { ask } from '../helpers/http.js'
import { openFiles } from '../helpers/open-files.js'
import { until } from '../helpers/until.js'

t.test('a changed policy and a rotated audit log are taken up', async t => {
  const policy = (allow: string) => `rules:\n  - who: ["*"]\n    allow: { ${allow} }\n`
  let reload = async () => {}
  const { url, close, audit, write, folder, log } = await application({
    files: { 'policy.yaml': policy('sync: {}') },
    brokers: [{ settings: { POLICY_FILE: 'policy.yaml' }, onStart: broker => { reload = broker.reload } }]
  })
  t.teardown(close)
  const status = async () => (await ask(url, { as: susan, path: token })).status
  t.equal(await status(), 403)
  await write('policy.yaml', policy('video: {}'))
  await until(async () => await status() === 200)
  renameSync(join(folder, 'audit.log'), join(folder, 'audit.log.1'))
  await write('policy.yaml', policy('vide: {}'))
  await reload()
  t.equal(await status(), 200)
  t.match(log(), /settings not taken, the old ones stay: policy\.yaml:3/)
  t.equal((await audit()).length, 1)
  t.has((await audit('audit.log.1')).at(-1), { event: 'token.issued' })
})

t.test('when the application closes, what is under way is answered, and then everything is let go of', async t => {
  const listeners = process.eventNames().map(name => [name, process.listenerCount(name)])
  let answerYes: ((yes: object) => void) | undefined
  const { app, url, folder, close } = await application({
    brokers: [{ authenticate: () => new Promise(resolve => { answerYes = resolve }) }]
  })
  const answer = ask(url, { as: susan, path: token })
  await until(() => answerYes !== undefined)
  t.strictSame(openFiles(folder), [join(folder, 'audit.log')])
  const closed = app.close()
  answerYes!({})
  t.equal((await answer).status, 200)
  await closed
  t.strictSame(openFiles(folder), [], 'the audit log is closed')
  await close()
  t.strictSame(process.eventNames().map(name => [name, process.listenerCount(name)]), listeners, 'no signal handler is left, as none was there')
})
