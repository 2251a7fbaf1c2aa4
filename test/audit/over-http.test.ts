import { readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { TokenRefused } from '../../src/audit/audit-log.js'
import { basic, startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { until } from '../helpers/until.js'

t.test('with a full disk no token leaves, the process lives, and a file with room is taken up', async t => {
  const broker = await startBroker({ settings: { AUDIT_LOG: 'link' }, links: { link: '/dev/full' } })
  t.teardown(broker.close)
  for (const as of [susan, 'Basic !!!']) {
    const answer = await ask(broker.url, { as })
    t.match(answer, { status: 503, body: { code: 'audit-unavailable', detail: /no token is issued/ }, headers: { 'retry-after': '5' } })
    t.notMatch(answer.text, /ENOSPC|eyJ/)
  }
  t.equal((await ask(broker.url, { method: 'GET', path: '/healthz' })).status, 200)
  t.equal((await ask(broker.url)).status, 401, 'what brings no credentials needs no line')
  unlinkSync(join(broker.folder, 'link'))
  writeFileSync(join(broker.folder, 'link'), '')
  await broker.reload()
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  // Both requests had credentials, so each has its line, though it was answered without.
  const lines = () => readFileSync(join(broker.folder, 'link'), 'utf8').split('\n').filter(Boolean).map(text => JSON.parse(text) as TokenRefused & { time: string })
  await until(() => lines().length === 3)
  t.match(lines().filter(({ event }) => event === 'token.refused'), [{ code: 'audit-unavailable', caller: 'susan' }, { code: 'audit-unavailable', caller: /^hmac:/ }])
  t.equal(lines().filter(({ event }) => event as string === 'token.issued').length, 1)
})

t.test('an audit log that cannot be opened stops the start', async t => {
  const refused = await startBroker({ settings: { AUDIT_LOG: 'missing/audit.log', PORT: 'x' } }).catch((error: unknown) => error)
  t.match(refused, { mistakes: [/^PORT must be/, /^AUDIT_LOG names a file that cannot be opened/] })
})

t.test('what a request brings into the audit stays on one line, and is cut', async t => {
  const broker = await startBroker({ settings: { CORS_ORIGINS: 'https://a.example' } })
  t.teardown(broker.close)
  await ask(broker.url, { as: basic('a\u2028{"event":"token.issued"}', 'x'), headers: { Origin: `https://a.example"}${'x'.repeat(3000)}` } })
  const text = readFileSync(join(broker.folder, 'audit.log'), 'utf8')
  t.equal(text.split(/\r?\n|\u2028/).length, 2)
  const line = JSON.parse(text)
  t.has(line, { event: 'token.refused', code: 'origin-refused' })
  t.match(line.caller, /^hmac:/)
  t.ok(text.length < 1000)
})

t.test('an audit log that is a link is written where it leads, and there with a mode for its owner alone', async t => {
  const broker = await startBroker({ settings: { AUDIT_LOG: 'link' }, links: { link: 'audit.log' } })
  t.teardown(broker.close)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
  t.has(await broker.audit(), [{ event: 'token.issued' }])
  t.equal(statSync(join(broker.folder, 'audit.log')).mode & 0o777, 0o600)
})
