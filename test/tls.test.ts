import { execFileSync } from 'node:child_process'
import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { connect as connectTcp, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import t from 'tap'
import { Sessions } from '../src/sessions.js'
import { readKeys } from '../src/tls.js'
import { selfSigned } from './fakes/twilio/certificate.js'
import { basic, startBroker, susan } from './helpers/broker.js'
import { ask, raw, type Ask } from './helpers/http.js'
import { askIn, bareSession, headersFrame, session } from './helpers/http2.js'
import { brokerProcess, writeUsers } from './helpers/process.js'
import { open } from './helpers/token.js'
import { until } from './helpers/until.js'

/** Certificate and key as two files, which is what certbot and the like write. */
function keyPair (name = 'localhost') {
  const pem = selfSigned(name)
  const at = pem.indexOf('-----BEGIN CERTIFICATE-----')
  return { 'cert.pem': pem.slice(at), 'key.pem': pem.slice(0, at) }
}
const [first, second] = [keyPair(), keyPair()]
const secure = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' }
const startSecure = (settings: Record<string, string> = {}) => startBroker({ settings: { ...secure, ...settings }, files: first })

/** A connection that believes one certificate alone. */
async function handshake (url: string, options: object = {}): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), servername: 'localhost', ...options })
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}

t.test('the broker serves HTTPS: HTTP/1.1 and HTTP/2 on one port, from TLS 1.2 on', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  t.match(broker.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  t.match(broker.log(), /"url":"https:/)

  t.match(await ask(broker.url, { as: susan }), { status: 200, body: { identity: 'susan' } })
  const client = session(broker.url, { ca: first['cert.pem'], rejectUnauthorized: true, servername: 'localhost' } as object)
  t.teardown(() => client.destroy())
  const answer = await askIn(client, { as: susan, body: { ttl: 600 } })
  t.match(answer, { status: 200, body: { identity: 'susan', expiresIn: 600 }, headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } })
  open(answer.body.token, broker.secrets.keySecret)
  t.match((await broker.audit()).map(({ event, ip }) => [event, ip]), [['token.issued', '127.0.0.1'], ['token.issued', '127.0.0.1']])

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
      await until(() => broker.log().includes('certificate taken'))
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

t.test('over HTTP/2 the answers, limits and audit are those of HTTP/1.1', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  const warnings: string[] = []
  const warn = (warning: Error) => warnings.push(warning.message)
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))

  const cases: Array<Ask & { name: string, status: number, code: string }> = [
    { name: 'no credentials', status: 401, code: 'credentials-missing' },
    { name: 'malformed credentials', as: 'Basic !!!', status: 401, code: 'credentials-wrong' },
    { name: 'an unknown product', as: susan, path: '/token/nope', status: 404, code: 'product-unknown' },
    { name: 'a path that does not decode', as: susan, path: '/token/%zz', status: 400, code: 'request-invalid' },
    { name: 'a query', as: susan, path: '/token/video?room=x', status: 400, code: 'request-invalid' },
    { name: 'a method that mints nothing', as: susan, method: 'DELETE', status: 405, code: 'method-not-allowed' },
    { name: 'a large body', as: susan, body: { room: 'x'.repeat(8000) }, status: 413, code: 'body-too-large' },
    { name: 'a large body that says so', as: susan, body: { room: 'x'.repeat(8000) }, headers: { 'content-length': '8011' }, status: 413, code: 'body-too-large' },
    { name: 'a body that is not JSON', as: susan, body: '{', status: 400, code: 'request-invalid' },
    { name: 'a body without a type', as: susan, body: '{}', headers: { 'content-type': '' }, status: 415, code: 'media-type' },
    { name: 'a compressed body', as: susan, body: '{}', headers: { 'content-encoding': 'gzip' }, status: 415, code: 'media-type' },
    { name: 'a no-cors page', as: susan, headers: { 'sec-fetch-mode': 'no-cors' }, status: 403, code: 'origin-refused' }
  ]
  for (const { name, status, code, ...request } of cases) {
    t.match(await askIn(client, request), { status, body: { code } }, name)
    t.match(await ask(broker.url, request), { status, body: { code } }, `${name}, over HTTP/1.1`)
  }
  for (const request of [{ body: '' }, <Ask>{ headers: { 'content-type': 'text/plain' } }, { headers: { 'content-type': '' }, body: '' }, { body: '{}', headers: { 'content-length': '2' } }]) {
    t.match(await askIn(client, { as: susan, ...request }), { status: 200 }, JSON.stringify(request))
  }
  t.match(await askIn(client, { method: 'HEAD', path: '/healthz' }), { status: 200, text: '' })
  t.match(await askIn(client, { as: susan }), { status: 200 }, 'the session goes on')
  t.strictSame(warnings, [], 'nothing is sent that HTTP/2 has no place for')

  const guesses = await Promise.all(Array.from({ length: 50 }, (_, i) => askIn(client, { as: basic('susan', `wrong-${i}`) })))
  t.equal(guesses.filter(({ status }) => status === 401).length, 5)
  t.equal(guesses.filter(({ body }) => body.code === 'login-limited').length, 45)
  t.notOk(/FST_ERR|TypeError/.test(broker.log()))
})

t.test('headers that may come once are refused twice in HTTP/2 too', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const { socket, send } = bareSession(broker.url)
  t.teardown(() => socket.destroy())
  const request: Array<[string, string]> = [[':method', 'GET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', '/token/video'], ['authorization', susan]]
  send(headersFrame(request, 1))
  await until(async () => (await broker.audit()).length === 1)
  send(headersFrame([...request, ['authorization', basic('susan', 'another')]], 3))
  await until(async () => (await broker.audit()).length === 2)
  send(headersFrame([...request, ['origin', 'https://a.example'], ['origin', 'https://b.example']], 5))
  await until(async () => (await broker.audit()).length === 3)
  send(headersFrame(request, 7))
  await until(async () => (await broker.audit()).length === 4)
  t.strictSame((await broker.audit()).map(({ event, code }) => code ?? event), ['token.issued', 'request-invalid', 'request-invalid', 'token.issued'])
})

t.test('who resets a request gets nothing and takes nothing with it', async t => {
  const broker = await startSecure({ LOGIN_FAILURES_MAX: '1000' })
  const client = session(broker.url)
  t.teardown(() => client.destroy())
  await askIn(client, { as: susan })
  for (let i = 0; i < 300; i++) {
    const stream = client.request({ ':method': 'POST', ':path': '/token/video', authorization: basic('susan', `wrong-${i}`) })
    stream.on('error', () => {}).close(8)
    if (i % 50 === 0) await once(stream, 'close')
  }
  t.match(await askIn(client, { as: susan }), { status: 200 })
  const start = performance.now()
  client.close()
  await broker.close()
  t.ok(performance.now() - start < 4000, 'none of them is still waited for')
})

t.test('a renewed pair is taken up by itself, and connections there are go on', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const old = session(broker.url, { ca: first['cert.pem'], rejectUnauthorized: true, servername: 'localhost' } as object)
  t.teardown(() => old.destroy())
  await askIn(old, { as: susan })
  const serves = async ({ 'cert.pem': ca }: typeof first) => {
    const socket = await handshake(broker.url, { ca }).catch(() => undefined)
    socket?.destroy()
    return socket !== undefined
  }
  const errors = () => broker.log().match(/certificate not taken/g)?.length ?? 0

  await broker.write('cert.pem', second['cert.pem'])
  await until(() => errors() === 1, 3000)
  t.match(broker.log(), /certificate not taken, the old one stays: TLS_KEY_FILE does not hold the key of the first certificate in TLS_CERT_FILE/)
  await broker.reload()
  t.equal(errors(), 1, 'said once')
  t.ok(await serves(first), 'half a renewal changes nothing')

  await broker.write('next', second['key.pem'])
  renameSync(join(broker.folder, 'next'), join(broker.folder, 'key.pem'))
  await until(() => serves(second), 3000)
  t.notOk(await serves(first))
  t.match(await askIn(old, { as: susan }), { status: 200 }, 'the old connection')
  t.match(await ask(broker.url, { as: susan }), { status: 200 })
  await t.rejects(handshake(broker.url, { rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), 'and not TLS 1.1')

  await Promise.all([broker.write('cert.pem', first['cert.pem']), broker.write('key.pem', first['key.pem'])])
  chmodSync(join(broker.folder, 'key.pem'), 0o644)
  await broker.reload()
  t.ok(await serves(first), 'SIGHUP takes them up at once')
  t.match(broker.log(), /everyone may read key\.pem/)
})

t.test('every mistake of the pair is told at the start, with the others', async t => {
  const run = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const weakKey = run('genrsa', '512')
  const folder = t.testdir({ ...first, 'other.pem': second['key.pem'], text: 'hello', weakKey })
  writeFileSync(join(folder, 'weakCert'), run('req', '-x509', '-new', '-key', join(folder, 'weakKey'), '-subj', '/CN=localhost', '-days', '2'))
  writeFileSync(join(folder, 'locked.pem'), run('pkey', '-in', join(folder, 'key.pem'), '-aes128', '-passout', 'pass:canary'))
  execFileSync('openssl', ['x509', '-in', join(folder, 'cert.pem'), '-outform', 'der', '-out', join(folder, 'cert.der')])
  const cases: Array<[cert: string, key: string, ...mistakes: RegExp[]]> = [
    ['missing', 'nowhere', /^TLS_CERT_FILE names a file that cannot be read/, /^TLS_KEY_FILE names a file that cannot be read/],
    ['text', 'text', /^TLS_CERT_FILE holds no certificate in PEM form/, /^TLS_KEY_FILE holds no private key in PEM form/],
    ['cert.der', 'key.pem', /^TLS_CERT_FILE holds no certificate in PEM form/],
    ['key.pem', 'cert.pem', /^TLS_CERT_FILE holds no certificate/, /^TLS_KEY_FILE holds no private key/],
    ['cert.pem', 'locked.pem', /^TLS_KEY_FILE holds no private key in PEM form, or one with a passphrase/],
    ['cert.pem', 'other.pem', /^TLS_KEY_FILE does not hold the key of the first certificate/],
    ['weakCert', 'weakKey', /^TLS_CERT_FILE and TLS_KEY_FILE are refused by OpenSSL \(ERR_SSL_EE_KEY_TOO_SMALL\)/]
  ]
  for (const [TLS_CERT_FILE, TLS_KEY_FILE, ...mistakes] of cases) {
    const read = await readKeys({ TLS_CERT_FILE, TLS_KEY_FILE }, folder)
    t.equal(read.pair, undefined)
    t.equal(read.mistakes.length, mistakes.length, read.mistakes.join(' | '))
    for (const mistake of mistakes) t.ok(read.mistakes.some(line => mistake.test(line)), String(mistake))
  }
  const refused = await startBroker({ settings: { ...secure, PORT: 'x' }, files: { ...first, 'key.pem': second['key.pem'] } }).catch((error: unknown) => error)
  t.match(refused, { mistakes: [/^PORT must be/, /^TLS_KEY_FILE does not hold the key/] })
})

t.test('a certificate out of its time and a key that everyone may read are warned of', async t => {
  const folder = t.testdir(first)
  chmodSync(join(folder, 'key.pem'), 0o644)
  t.match(await readKeys(secure, folder), { pair: { cert: first['cert.pem'] }, mistakes: [], warnings: [/^everyone may read key\.pem, which TLS_KEY_FILE names; run: chmod o= key\.pem$/] })
  chmodSync(join(folder, 'key.pem'), 0o600)
  t.strictSame((await readKeys(secure, folder)).warnings, [])
  const now = Date.now
  t.teardown(() => { Date.now = now })
  for (const [days, warning] of [[3, /has expired/], [-1, /is not valid yet/]] as const) {
    Date.now = () => now() + days * 86_400_000
    t.match(await readKeys(secure, folder), { mistakes: [], warnings: [warning] })
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

t.test('a shutdown answers what is under way, says GOAWAY, and ends in spite of idle and half-open connections', async t => {
  const broker = await startSecure()
  const { hostname, port } = new URL(broker.url)
  const [idle, busy] = [session(broker.url), session(broker.url)]
  await Promise.all([once(idle, 'connect'), once(busy, 'connect')])
  const silent = connectTcp(Number(port), hostname).on('error', () => {})
  await once(silent, 'connect')
  const kept = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  kept.write('POST /token/video HTTP/1.1\r\nHost: x\r\nAuthor')
  const ends = [idle, busy].map(client => once(client, 'goaway').then(([code]) => code as number))
  const answers = Array.from({ length: 20 }, (_, i) => askIn(busy, { as: i % 2 ? susan : basic('susan', `wrong-${i}`) }))
  await until(async () => (await broker.audit()).length > 0)
  const start = performance.now()
  await broker.close()
  t.ok(performance.now() - start < 7000, 'not by the clock')
  t.strictSame(await Promise.all(ends), [0, 0])
  const settled = await Promise.allSettled(answers)
  t.ok(settled.every(answer => answer.status === 'fulfilled' && [200, 401, 429].includes(answer.value.status)), JSON.stringify(settled.find(({ status }) => status === 'rejected')))
  await t.rejects(ask(broker.url))
})

t.test('in HTTP/2 too, what is silent or slow is closed within 15 s, and a session has its requests', async t => {
  const broker = await startSecure()
  t.teardown(broker.close)
  const { hostname, port } = new URL(broker.url)
  const silent = connectTcp(Number(port), hostname)
  const half = await handshake(broker.url, { rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  half.write('GET /token/video HTTP/1.1\r\nHost: x\r\n')
  const idle = session(broker.url)
  const slow = session(broker.url)
  const body = slow.request({ ':method': 'POST', ':path': '/token/video', authorization: susan, 'content-type': 'application/json' })
  body.write('{')
  const trickle = setInterval(() => { if (body.writable) body.write(' ') }, 500)
  body.on('error', () => {})
  const start = performance.now()
  let took = Infinity
  const closed = Promise.all([once(silent.resume(), 'close'), once(half.resume(), 'close'), once(idle, 'close'), once(body, 'close')]).then(() => { took = performance.now() - start })
  const busy = session(broker.url)
  const goaway = once(busy, 'goaway')
  for (let i = 0; i < 1000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, () => askIn(busy, { method: 'GET', path: '/healthz' })))
  }
  t.match(await goaway, [0], 'after a thousand requests a session ends')
  t.match(await ask(broker.url, { as: susan }), { status: 200 })

  await closed
  clearInterval(trickle)
  t.ok(took < 15_000)
  slow.destroy()
  t.equal((await broker.audit()).length, 1, 'the slow one got no token')
})

t.test('a session in which an answer is not taken is closed all the same', async t => {
  const server = createSecureServer({ cert: first['cert.pem'], key: first['key.pem'] }, (_request, response) => { response.end('an answer') })
  const closed: number[] = []
  const sessions = new Sessions(server, { patience: 200, ending: 100, most: 1000 }, () => closed.push(sessions.size))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const deaf = session(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { settings: { initialWindowSize: 0 } })
  deaf.request({ ':path': '/' }).on('error', () => {})
  const ended = once(deaf, 'close')
  await once(deaf, 'goaway')
  await ended
  await until(() => closed.length === 1)
  t.strictSame(closed, [0])
})
