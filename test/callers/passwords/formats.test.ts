import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { databaseFormats, fileFormats, formatOf, hashPassword, readHash, storedHash } from '../../../src/callers/passwords/formats.js'
import { cheaply } from '../../helpers/cheaply.js'

const password = 'correct horse battery staple'
const salt = 'AAECAwQFBgcICQoLDA0ODw'
const digest = 'A'.repeat(43)
const argon2idOf = (parameters: string, tail = `${salt}$${digest}`) => `$argon2id$v=19$${parameters}$${tail}`
const scryptOf = (parameters: string, tail = `${salt}$${digest}`) => `$scrypt$${parameters}$${tail}`
const bcryptOf = (cost: string, tail = '.'.repeat(53)) => `$2b$${cost}$${tail}`
const pbkdf2Of = (iterations: string, digest = `${'A'.repeat(43)}=`) => `pbkdf2_sha256$${iterations}$NaClNaClNaCl$${digest}`

const mistakeOf = (hash: string, forms = databaseFormats) => {
  const read = readHash(hash, forms)
  return 'mistake' in read ? read.mistake : undefined
}
const verify = (hash: string, password: string) => storedHash(hash, databaseFormats).verify(password)

t.test('hashes that other tools made are verified', async t => {
  const rows = [
    { tool: 'htpasswd -B', format: 'bcrypt', hash: '$2y$04$mFq0iUsWh2LiSrg9To2X.er00OuMOGYHpV6c2lpC/6tZskM4FdZti' },
    { tool: 'the same with the letter of OpenBSD', format: 'bcrypt', hash: '$2b$04$mFq0iUsWh2LiSrg9To2X.er00OuMOGYHpV6c2lpC/6tZskM4FdZti' },
    { tool: 'the same with the first letter', format: 'bcrypt', hash: '$2a$04$mFq0iUsWh2LiSrg9To2X.er00OuMOGYHpV6c2lpC/6tZskM4FdZti' },
    {
      tool: 'argon2\'s reference command',
      format: 'argon2id',
      hash: '$argon2id$v=19$m=256,t=3,p=2$c29tZXNhbHQxMjM0NTY3OA$hGs1oMIVhqseT64AEfQhPyILdb9BC5iqGCL5zG0Iw4s'
    },
    {
      tool: 'Python\'s hashlib.scrypt',
      format: 'scrypt',
      hash: '$scrypt$ln=4,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$VbIe1ib8N3AGdHJ/i+4z5gayZwy70BXfZyJXhL3ev0c'
    },
    {
      tool: 'the same with more memory than Node allows by default',
      format: 'scrypt',
      hash: '$scrypt$ln=15,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$eo40JB24mNWRdcaWU4xBdGepdf/laQaEJfFhiNMVnFg'
    },
    {
      tool: 'Python\'s hashlib.pbkdf2_hmac, as Django writes it',
      format: 'pbkdf2_sha256',
      hash: 'pbkdf2_sha256$1000$NaClNaClNaCl$Yjgv2ldhpZaD1nWilO6B2wcqdx/pg2kewTaiJVKptNs='
    }
  ]
  for (const { tool, format, hash } of rows) {
    t.equal(formatOf(hash, databaseFormats)?.name, format, tool)
    t.equal(await verify(hash, password), true)
    t.equal(await verify(hash, `${password}x`), false)
  }
})

t.test('the examples of RFC 7914 §12 are verified, one of which has a salt of four bytes', async t => {
  const examples = [
    {
      parameters: 'ln=10,r=8,p=16',
      salt: 'NaCl',
      typed: 'password',
      digest: 'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640'
    },
    {
      parameters: 'ln=14,r=8,p=1',
      salt: 'SodiumChloride',
      typed: 'pleaseletmein',
      digest: '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887'
    }
  ]
  for (const { parameters, salt, typed, digest } of examples) {
    const [s, d] = [Buffer.from(salt), Buffer.from(digest, 'hex')].map(bytes => bytes.toString('base64').replace(/=+$/, ''))
    t.equal(await verify(`$scrypt$${parameters}$${s}$${d}`, typed), true, salt)
    t.equal(await verify(`$scrypt$${parameters}$${s}$${d}`, `${typed}x`), false, salt)
  }
})

t.test('what the installed htpasswd writes today is verified', { skip: spawnSync('htpasswd').error && 'htpasswd is not installed' }, async t => {
  const { stdout } = spawnSync('htpasswd', ['-niB', 'susan'], { input: password, encoding: 'utf8' })
  const hash = stdout.trim().slice('susan:'.length)
  t.has(readHash(hash, fileFormats), { warning: 'bcrypt with a cost below 10 is quickly guessed' })
  t.equal(await verify(hash, password), true)
  t.equal(await verify(hash, 'wrong'), false)
})

t.test('S116: a new hash is argon2id with OWASP\'s parameters and a salt of its own', async t => {
  const [one, other] = await Promise.all([hashPassword(password), hashPassword(password)])
  t.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  t.not(one, other)
  t.match(readHash(one, fileFormats), { warning: undefined })
  t.ok(await verify(one, password))
})

t.test('every byte of a password counts', async t => {
  const long = 'x'.repeat(80)
  const changed = `${'x'.repeat(72)}y${'x'.repeat(7)}`
  const whole = await argon2Hash(long, cheaply)
  t.equal(await verify(whole, long), true)
  t.equal(await verify(whole, changed), false)

  const cut = await bcryptHash(long, 4)
  t.equal(await verify(cut, changed), false, 'bcrypt would take byte 73 for anything')
  t.equal(await verify(cut, long), false, 'so nothing above 72 bytes gets in')
  t.equal(await verify(cut, 'x'.repeat(72)), true)
  t.equal(await verify(cut, 'x'.repeat(71)), false)
  t.equal(await verify(await bcryptHash('ë'.repeat(36), 4), 'ë'.repeat(37)), false, 'bytes, not characters')
})

t.test('cheap parameters are warned of', async t => {
  const rows: Array<[hash: string, warns: boolean]> = [
    [bcryptOf('04'), true],
    [bcryptOf('09'), true],
    [bcryptOf('10'), false],
    [bcryptOf('14'), false],
    [argon2idOf('m=19456,t=1,p=1'), true],
    [argon2idOf('m=7168,t=5,p=1'), false],
    [argon2idOf('m=262144,t=8,p=16'), false],
    [scryptOf('ln=14,r=8,p=4'), true],
    [scryptOf('ln=14,r=8,p=5'), false],
    [scryptOf('ln=17,r=8,p=1'), false],
    [pbkdf2Of('599999'), true],
    [pbkdf2Of('600000'), false],
    [pbkdf2Of('4000000'), false]
  ]
  for (const [hash, warns] of rows) t.match(readHash(hash, databaseFormats), { warning: warns ? /is quickly guessed$/ : undefined }, hash)
})

t.test('S113: parameters that would take too long or too much memory are refused', async t => {
  const rows: Array<[hash: string, says: RegExp]> = [
    [bcryptOf('03'), /^the cost of bcrypt must be 4 to 14$/],
    [bcryptOf('15'), /^the cost of bcrypt must be 4 to 14$/],
    [bcryptOf('31'), /^the cost of bcrypt must be 4 to 14$/],
    [argon2idOf('m=4194304,t=1,p=1'), /^argon2id must have m from 8p to 262144/],
    [argon2idOf('m=4294967295,t=4294967295,p=1'), /^argon2id must have/],
    [argon2idOf('m=262145,t=1,p=1'), /^argon2id must have/],
    [argon2idOf('m=262144,t=9,p=1'), /^argon2id must have/],
    [argon2idOf('m=8,t=1,p=2'), /^argon2id must have/],
    [argon2idOf('m=7,t=1,p=1'), /^argon2id must have/],
    [argon2idOf('m=65536,t=1,p=17'), /^argon2id must have/],
    [scryptOf('ln=30,r=8,p=1'), /^scrypt may have/],
    [scryptOf('ln=18,r=8,p=1'), /^scrypt may have/],
    [scryptOf('ln=1,r=9999,p=9999'), /^scrypt may have/],
    [scryptOf('ln=16,r=1,p=1'), /^scrypt may have/],
    [scryptOf('ln=99,r=1,p=1'), /^scrypt may have/],
    [pbkdf2Of('4000001'), /^pbkdf2_sha256 may have up to 4000000 iterations$/],
    [pbkdf2Of('9999999999'), /^pbkdf2_sha256 may have/]
  ]
  for (const [hash, says] of rows) t.match(mistakeOf(hash), says, hash)
})

t.test('a hash that is not whole is refused, also where a lenient reader would take it', async t => {
  const rows: Array<[form: string, hash: string]> = [
    ['bcrypt', '$2b$10$'],
    ['bcrypt', bcryptOf('10', '.'.repeat(52))],
    ['bcrypt', bcryptOf('10', '.'.repeat(54))],
    ['bcrypt', bcryptOf('10', `${'.'.repeat(21)}/${'.'.repeat(31)}`)],
    ['bcrypt', bcryptOf('10', `${'.'.repeat(52)}/`)],
    ['bcrypt', bcryptOf('1')],
    ['bcrypt', bcryptOf('+9')],
    ['argon2id', '$argon2id$'],
    ['argon2id', argon2idOf('m=19456,t=2,p=1').replace('v=19', 'v=16')],
    ['argon2id', argon2idOf('m=019456,t=2,p=1')],
    ['argon2id', argon2idOf('m=19456,t=0,p=1')],
    ['argon2id', argon2idOf('t=2,m=19456,p=1')],
    ['argon2id', argon2idOf('m=19456,t=2,p=1,keyid=AAAA')],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$AAAA`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$${digest.slice(0, 24)}`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `AAAA$${digest}`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$${'A'.repeat(87)}`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${'A'.repeat(87)}$${digest}`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$${digest}=`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$${digest.slice(1)}B`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$${digest}AA`)],
    ['argon2id', argon2idOf('m=19456,t=2,p=1', `${salt}$${digest.slice(1)}-`)],
    ['scrypt', '$scrypt$'],
    ['scrypt', scryptOf('ln=0,r=8,p=1')],
    ['scrypt', scryptOf('ln=14,r=8')],
    ['scrypt', scryptOf('ln=14,r=8,p=1', `${salt}$AAAA`)],
    ['pbkdf2_sha256', pbkdf2Of('0')],
    ['pbkdf2_sha256', pbkdf2Of('600000', 'AAAA')]
  ]
  for (const [form, hash] of rows) t.match(mistakeOf(hash), `this is not a complete ${form} hash`, hash)
})

t.test('other forms are refused by their name', async t => {
  const rows: Array<[form: string, hash: string]> = [
    ['apr1 (MD5)', '$apr1$QnDD6wyS$k56RqelHV2eStDnG6qe7P/'],
    ['MD5 crypt', '$1$QnDD6wyS$k56RqelHV2eStDnG6qe7P/'],
    ['SHA-256 crypt', '$5$roN/xec3RAwiNISK$SdnWKvcceTNBNczay5NVn9CP1iyj4l1CGEOuO.l.yw1'],
    ['SHA-512 crypt', '$6$b0OnamQaB8IOx8T/$ABBszrTDVI2Y8'],
    ['yescrypt', '$y$j9T$abc$def'],
    ['faulty bcrypt ($2x$)', bcryptOf('10').replace('$2b$', '$2x$')],
    ['faulty bcrypt ($2x$)', bcryptOf('10').replace('$2b$', '$2$')],
    ['argon2i', argon2idOf('m=19456,t=2,p=1').replace('argon2id', 'argon2i')],
    ['argon2d', argon2idOf('m=19456,t=2,p=1').replace('argon2id', 'argon2d')],
    ['unsalted SHA-1', '{SHA}ZP3rbRcrbmduZRGkzG2Nm6ZUH08='],
    ['salted SHA-1', '{SSHA}ZP3rbRcrbmduZRGkzG2Nm6ZUH08='],
    ['crypt (DES)', '6qdlYGFdyh6k6'],
    ['pbkdf2_sha256', pbkdf2Of('600000')]
  ]
  for (const [form, hash] of rows) t.equal(mistakeOf(hash, fileFormats), `${form} is not accepted; use one of bcrypt, argon2id, scrypt`, hash)
  for (const hash of ['secretpw', '', '$', '$unknown$x', '__proto__']) {
    t.equal(mistakeOf(hash), 'unknown hash format; use one of bcrypt, argon2id, scrypt, pbkdf2_sha256')
  }
  t.throws(() => storedHash('secretpw', fileFormats), { message: 'unknown hash format; use one of bcrypt, argon2id, scrypt' })
})

t.test('a decoy has the parameters of its model, and is nobody\'s hash', async t => {
  const models = [
    await bcryptHash(password, 4),
    await argon2Hash(password, { memoryCost: 64, timeCost: 3, parallelism: 2 }),
    '$scrypt$ln=4,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$VbIe1ib8N3AGdHJ/i+4z5gayZwy70BXfZyJXhL3ev0c',
    'pbkdf2_sha256$1000$NaClNaClNaClN$Yjgv2ldhpZaD1nWilO6B2wcqdx/pg2kewTaiJVKptNs='
  ]
  for (const model of models) {
    const stored = storedHash(model, databaseFormats)
    for (let round = 0; round < 50; round++) {
      const decoy = stored.decoy()
      t.equal(decoy.length, model.length)
      t.equal(storedHash(decoy, databaseFormats).parameters, stored.parameters, 'taken, at the same cost')
      t.not(decoy, stored.decoy())
    }
    t.equal(await verify(stored.decoy(), password), false)
  }
  const [, argon2 = ''] = models
  t.equal(await argon2Verify(storedHash(argon2, fileFormats).decoy(), password), false, 'the verifier takes it for a whole hash')
})

t.test('hashes cost the same where form and parameters are the same, and their other parts do not matter', t => {
  const parameters = (hash: string) => storedHash(hash, databaseFormats).parameters
  const kinds = [
    ['$2y$10$QdIU0zHio9wC4Mbx0HRTGO6kC7Y.y5GspWacd8UE0W3eTjNf4FXrq', bcryptOf('10')],
    [bcryptOf('11')],
    [argon2idOf('m=19456,t=2,p=1'), argon2idOf('m=19456,t=2,p=1', `${digest}$${salt}`)],
    [argon2idOf('m=19456,t=3,p=1')],
    [argon2idOf('m=19456,t=2,p=2')],
    [argon2idOf('m=19457,t=2,p=1')],
    [scryptOf('ln=14,r=8,p=1'), scryptOf('ln=14,r=8,p=1', `AAAA$${digest}`)],
    [scryptOf('ln=15,r=8,p=1')],
    [scryptOf('ln=14,r=9,p=1')],
    [scryptOf('ln=14,r=8,p=2')],
    [pbkdf2Of('600000'), pbkdf2Of('600000', `${'B'.repeat(42)}A=`)],
    [pbkdf2Of('600001')]
  ]
  for (const kind of kinds) t.equal(new Set(kind.map(parameters)).size, 1, kind.join(' '))
  t.equal(new Set(kinds.flat().map(parameters)).size, kinds.length)
  t.end()
})
