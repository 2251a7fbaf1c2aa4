import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SecureVersion } from 'node:tls'
import t from 'tap'
import { susan } from '../helpers/broker.js'
import { ask, raw } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { first, handshake, second, secure, startSecure } from '../helpers/https.js'
import { brokerProcess, writeUsers } from '../helpers/process.js'
import { open } from '../helpers/token.js'
import { until } from '../helpers/until.js'

t.test('the broker serves HTTPS: HTTP/1.1 and HTTP/2 on one port, from TLS 1.2 on', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  t.match(broker.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  t.match(broker.log(), /"url":"https:/)

  t.has(await ask(broker.url, { as: susan }), { status: 200, body: { identity: 'susan' } })
  const client = session(broker.url, { ca: first['cert.pem'], rejectUnauthorized: true, servername: 'localhost' } as object)
  t.teardown(() => client.destroy())
  const answer = await askIn(client, { as: susan, body: { ttl: 600 } })
  t.has(answer, { status: 200, body: { identity: 'susan', expiresIn: 600 }, headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } })
  open(answer.body.token, broker.secrets.keySecret)
  t.has((await broker.audit()).map(({ event, ip }) => [event, ip]), [['token.issued', '127.0.0.1'], ['token.issued', '127.0.0.1']])

  const socket = await handshake(broker.url, { ca: first['cert.pem'], maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] })
  t.equal(socket.alpnProtocol, 'h2')
  socket.destroy()
  for (const maxVersion of ['TLSv1', 'TLSv1.1']) {
    await t.rejects(handshake(broker.url, { rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }), { code: /ERR_SSL/ }, maxVersion)
  }
})

t.test('older TLS stays off, also after a renewal, where Node\'s own options would let it in', async t => {
  const cwd = t.testdir(first)
  await writeUsers(cwd)
  // These are NODE_OPTIONS as well, so they can come from wherever the process is started.
  const broker = await brokerProcess({ cwd, settings: secure, nodeArgs: ['--tls-min-v1.0', '--tls-cipher-list=DEFAULT@SECLEVEL=0'] })
  t.teardown(() => broker.kill('SIGKILL'))
  const speaks = (version: SecureVersion) => handshake(broker.url, { rejectUnauthorized: false, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }).then(socket => {
    socket.destroy()
    return true
  }, () => false)
  for (const renewed of [false, true]) {
    if (renewed) {
      for (const [name, text] of Object.entries(second)) writeFileSync(join(cwd, name), text)
      await until(() => broker.log().includes('certificate reloaded'))
    }
    for (const [version, spoken] of Object.entries({ TLSv1: false, 'TLSv1.1': false, 'TLSv1.2': true, 'TLSv1.3': true })) {
      t.equal(await speaks(version as SecureVersion), spoken, version)
    }
  }
})

t.test('pages of its own https origin may ask, those of its http one may not', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const { port } = new URL(broker.url)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  for (const [Origin, status] of Object.entries({ [`https://localhost:${port}`]: 200, [`http://localhost:${port}`]: 403 })) {
    t.match(await ask(broker.url, { as: susan, headers: { Origin } }), { status })
    const { status: status2, headers } = await askIn(client, { as: susan, headers: { Origin } })
    t.equal(status2, status)
    t.equal(headers['access-control-allow-origin'], status === 200 ? Origin : undefined)
  }
})

t.test('on the port of HTTPS, what is no TLS is closed without a word, and the broker goes on', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  for (const bytes of ['GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\0'.repeat(100)]) {
    t.notMatch(await raw(broker.url, bytes).catch(() => ''), /HTTP/, JSON.stringify(bytes))
  }
  const client = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  client.write(`GET /token/video HTTP/1.1\r\nAuthorization: ${susan}\r\n\r\n`)
  t.match(String((await once(client, 'data'))[0]), /^HTTP\/1\.1 400 /, 'HTTP/1.1 without Host is refused as ever')
  client.destroy()
  const junk = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  junk.write('no HTTP/2 at all'.repeat(10))
  await once(junk.resume(), 'close')
  t.match(await ask(broker.url, { as: susan }), { status: 200 })
})
