import t from 'tap'
import { parseRedisUrl } from '../../src/limits/redis/target.js'
import { readSettings } from '../helpers/settings.js'
import { complete } from '../helpers/broker.js'

const read = (settings: Record<string, string>, cwd: string) => readSettings({ ...complete, ...settings }, cwd)

const mistaken: Array<{ url: string, says: RegExp }> = [
  { url: 'http://canary:1', says: /^REDIS_URL must begin with redis:\/\/ or rediss:\/\// },
  { url: 'redis+tls://canary:1', says: /^REDIS_URL must begin with/ },
  { url: 'redis://', says: /^REDIS_URL must name the host/ },
  { url: 'redis://:canary@', says: /^REDIS_URL must name the host/ },
  { url: 'redis://:can#ary@one', says: /^REDIS_URL must name the host of each server; percent-encode .* a comma as %2C$/ },
  { url: 'redis://canary:99999', says: /^REDIS_URL must name the host/ },
  { url: 'redis://:can%ary@one', says: /^REDIS_URL must be a URL with .* percent-encoded$/ },
  { url: 'redis://canary/x', says: /^REDIS_URL may have the number of a database behind the host, and nothing else$/ },
  { url: 'redis://canary?db=1', says: /^REDIS_URL may have the number/ },
  { url: 'redis://canary:1,two:2', says: /^REDIS_URL: entry 2 must be a whole URL, as in redis:\/\/one:6379,redis:\/\/two:6379; .* in a password it is %2C$/ },
  { url: 'redis://:can,ary@one', says: /^REDIS_URL must name the host|^REDIS_URL: entry 2 must be a whole URL/ },
  { url: 'redis://canary:1,', says: /^REDIS_URL: entry 2 must be a whole URL/ },
  { url: 'redis://canary,rediss://two', says: /^REDIS_URL: entry 2 must have the same scheme as the first$/ },
  { url: 'redis+cluster://canary,redis://two', says: /^REDIS_URL: entry 2 must have the same scheme/ },
  { url: 'redis://canary,redis://two/1', says: /^REDIS_URL names a database by its path, and a Redis Cluster has only one.*REDIS_PREFIX$/ },
  { url: 'redis+cluster://canary/3', says: /^REDIS_URL names a database by its path/ },
  { url: 'redis+sentinel://canary:1,two:2', says: /^REDIS_URL must end with the name by which the Sentinels know the master/ },
  { url: 'redis+sentinel:///canary', says: /^REDIS_URL must name the host/ },
  { url: 'redis+sentinel://canary,/name', says: /^REDIS_URL must name the host/ },
  { url: 'redis+sentinel://canary/name/1', says: /^REDIS_URL may have only \?sentinelUser= and &sentinelPassword= behind the master's name/ },
  { url: 'redis+sentinel://one/name?db=canary', says: /^REDIS_URL may have only \?sentinelUser=/ },
  { url: 'redis+sentinel://one/name?sentinelPassword=can%ary', says: /^REDIS_URL must be a URL with .* percent-encoded$/ },
  { url: 'redis+sentinel://canary/a,redis+sentinel://two/a', says: /^REDIS_URL must list the Sentinels in one URL/ },
  { url: 'redis+sentinel://:can,ary@one/name', says: /^REDIS_URL must list the Sentinels in one URL.* a comma as %2C$/ }
]

t.test('a REDIS_URL that would not be understood stops the start, with a sentence that repeats nothing of it', async t => {
  const cwd = t.testdir()
  for (const { url, says } of mistaken) {
    const { mistakes } = await read({ REDIS_URL: url }, cwd)
    t.match(mistakes, [says], url)
    t.equal(mistakes.length, 1, url)
    t.notMatch(mistakes.join(), /canary|can,|can#|can%/, url)
  }
})

const none = { username: '', password: '' }
const one = { host: 'one', port: 6379 }
const two = { host: 'two', port: 7000 }

const understood: Array<{ url: string, is: ReturnType<typeof parseRedisUrl> }> = [
  { url: 'redis://one', is: { kind: 'single', tls: false, ...none, addresses: [one], db: 0 } },
  { url: ' rediss://us%2Cer:p%40%25@[::1]:80/2 ', is: { kind: 'single', tls: true, username: 'us,er', password: 'p@%', addresses: [{ host: '::1', port: 80 }], db: 2 } },
  { url: 'redis://:a%2Cb@one/0,redis://two:7000/', is: { kind: 'cluster', tls: false, username: '', password: 'a,b', addresses: [one, two], unusedCredentials: [] } },
  { url: 'rediss://u:p@one, rediss://u:p@two:7000 ,rediss://x:p@one,rediss://u:y@one,rediss://u@one', is: { kind: 'cluster', tls: true, username: 'u', password: 'p', addresses: [one, two, one, one, one], unusedCredentials: [3, 4, 5] } },
  { url: 'redis+cluster://one', is: { kind: 'cluster', tls: false, ...none, addresses: [one], unusedCredentials: [] } },
  { url: 'rediss+cluster://one,rediss+cluster://two:7000', is: { kind: 'cluster', tls: true, ...none, addresses: [one, two], unusedCredentials: [] } },
  {
    url: 'redis+sentinel://u:a%2Cb@one,two:7000/my%20master?sentinelUser=s+t&sentinelPassword=%26%2C=',
    is: { kind: 'sentinel', tls: false, username: 'u', password: 'a,b', addresses: [{ host: 'one', port: 26379 }, two], name: 'my master', sentinelUser: 's+t', sentinelPassword: '&,=' }
  },
  { url: 'rediss+sentinel://[::1]:1/name', is: { kind: 'sentinel', tls: true, ...none, addresses: [{ host: '::1', port: 1 }], name: 'name', sentinelUser: '', sentinelPassword: '' } }
]

t.test('REDIS_URL is one server, nodes of a Redis Cluster, or Sentinels', async t => {
  const cwd = t.testdir()
  for (const { url, is } of understood) {
    t.strictSame(parseRedisUrl(url), is, url)
    const { mistakes, warnings } = await read({ REDIS_URL: url }, cwd)
    t.strictSame(mistakes, [], url)
    t.strictSame(warnings, 'unusedCredentials' in is
      ? is.unusedCredentials.map(entry => `REDIS_URL: entry ${entry} has a user or password of its own, which is not used; those of the first entry are for all nodes`)
      : [])
  }
})

t.test('a DATABASE_URL with several hosts is a mistake, one with a comma elsewhere is not', async t => {
  const cwd = t.testdir()
  const mistakes = async (DATABASE_URL: string) => (await read({ DATABASE_URL, USERS_QUERY: 'SELECT $1' }, cwd)).mistakes
  for (const url of ['postgres://one,two/app', 'postgres://u:p@one:5432,two:5432/app', 'postgresql://u@one,two']) {
    t.match(await mistakes(url), [/^DATABASE_URL must name one server: the driver takes no list of hosts/], url)
  }
  for (const url of ['postgres://u:a%2Cb@one/app', 'postgres://u:a,b@one/app?options=a,b', 'postgres:///a,b']) t.strictSame(await mistakes(url), [], url)
})

t.test('the prefix and the certificates have to fit', async t => {
  const cwd = t.testdir()
  const REDIS_URL = 'redis://one'
  const rows: Array<{ settings: Record<string, string>, says: RegExp[] }> = [
    ...['{tag}', 'a*', 'a b', 'x'.repeat(101), 'ü'].map(REDIS_PREFIX => ({ settings: { REDIS_PREFIX }, says: [/^REDIS_PREFIX must be 1 to 100 letters, digits, or characters of/] })),
    { settings: { REDIS_CA_FILE: 'a' }, says: [/^REDIS_CA_FILE needs TLS to Redis: let REDIS_URL begin with rediss$/] },
    { settings: { REDIS_URL, REDIS_CA_FILE: 'a', REDIS_CERT_FILE: 'b', REDIS_KEY_FILE: 'c' }, says: [/^REDIS_CA_FILE and REDIS_CERT_FILE and REDIS_KEY_FILE need TLS/] },
    { settings: { REDIS_URL: 'rediss://one', REDIS_CERT_FILE: 'b' }, says: [/^REDIS_KEY_FILE is missing beside REDIS_CERT_FILE$/] },
    { settings: { REDIS_URL: 'rediss://one', REDIS_KEY_FILE: 'b' }, says: [/^REDIS_CERT_FILE is missing beside REDIS_KEY_FILE$/] }
  ]
  for (const { settings, says } of rows) {
    const { mistakes } = await read(settings, cwd)
    t.match(mistakes, says, JSON.stringify(settings))
    t.equal(mistakes.length, says.length, mistakes.join())
  }
  t.strictSame((await read({ REDIS_PREFIX: 'Team-1/broker_2.eu:x' }, cwd)).mistakes, [])
})
