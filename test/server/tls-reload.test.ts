import { execFileSync } from 'node:child_process'
import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readKeys } from '../helpers/settings.js'
import { startBroker, susan } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { askIn, session } from '../helpers/http2.js'
import { first, handshake, second, secure, startSecure } from '../helpers/https.js'
import { until } from '../helpers/until.js'

t.test('O23: a renewed pair is taken up by itself, and connections there are go on', async t => {
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
  const errors = () => broker.log().match(/certificate rejected/g)?.length ?? 0

  await broker.write('cert.pem', second['cert.pem'])
  await until(() => errors() === 1)
  t.match(broker.log(), /certificate rejected, the old one stays: TLS_KEY_FILE does not hold the key of the first certificate in TLS_CERT_FILE/)
  await broker.reload()
  t.equal(errors(), 1, 'said once')
  t.ok(await serves(first), 'half a renewal changes nothing')

  await broker.write('next', second['key.pem'])
  renameSync(join(broker.folder, 'next'), join(broker.folder, 'key.pem'))
  await until(() => serves(second))
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
  const cases: Array<{ cert: string, key: string, mistakes: RegExp[] }> = [
    {
      cert: 'missing',
      key: 'nowhere',
      mistakes: [/^TLS_CERT_FILE names a file that cannot be read/, /^TLS_KEY_FILE names a file that cannot be read/]
    },
    {
      cert: 'text',
      key: 'text',
      mistakes: [/^TLS_CERT_FILE holds no certificate in PEM form/, /^TLS_KEY_FILE holds no private key in PEM form/]
    },
    { cert: 'cert.der', key: 'key.pem', mistakes: [/^TLS_CERT_FILE holds no certificate in PEM form/] },
    { cert: 'key.pem', key: 'cert.pem', mistakes: [/^TLS_CERT_FILE holds no certificate/, /^TLS_KEY_FILE holds no private key/] },
    { cert: 'cert.pem', key: 'locked.pem', mistakes: [/^TLS_KEY_FILE holds no private key in PEM form, or one with a passphrase/] },
    { cert: 'cert.pem', key: 'other.pem', mistakes: [/^TLS_KEY_FILE does not hold the key of the first certificate/] },
    { cert: 'weakCert', key: 'weakKey', mistakes: [/^TLS_CERT_FILE and TLS_KEY_FILE are refused by OpenSSL \(ERR_SSL_EE_KEY_TOO_SMALL\)/] }
  ]
  for (const { cert, key, mistakes } of cases) {
    const read = await readKeys({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }, folder)
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
  const answer = await readKeys(secure, folder)
  t.has(answer, { pair: { cert: first['cert.pem'] }, mistakes: { length: 0 } })
  t.match(answer.warnings, [/^everyone may read key\.pem, which TLS_KEY_FILE names; run: chmod o= key\.pem$/])
  chmodSync(join(folder, 'key.pem'), 0o600)
  t.strictSame((await readKeys(secure, folder)).warnings, [])
  const now = Date.now
  t.teardown(() => { Date.now = now })
  for (const [days, warning] of [[3, /has expired/], [-1, /is not valid yet/]] as const) {
    Date.now = () => now() + days * 86_400_000
    t.match(await readKeys(secure, folder), { mistakes: { length: 0 }, warnings: [warning] })
  }
})
