/** A server's host and port. */
export interface RedisAddress {
  host: string
  port: number
}

interface Credentials {
  /** Empty if the URL has none. */
  username: string
  password: string
}

interface Access extends Credentials {
  addresses: RedisAddress[]
  tls: boolean
}

export interface SingleTarget extends Access { kind: 'single', db: number }
export interface ClusterTarget extends Access {
  kind: 'cluster'
  /** Entries, counted from 1, whose user or password differs from that of the first entry and is not used. */
  unusedCredentials: number[]
}
/** The addresses are those of the Sentinels; `username` and `password` are for the Redis servers. */
export interface SentinelTarget extends Access { kind: 'sentinel', name: string, sentinelUser: string, sentinelPassword: string }

/** What REDIS_URL names: one server, nodes of a Redis Cluster, or Sentinels. */
export type RedisTarget = SingleTarget | ClusterTarget | SentinelTarget

/** Says what is wrong with REDIS_URL, as the end of a sentence. Never contains a part of it, because that may be a password. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError'
}

/**
 * Reads REDIS_URL.
 * @throws RedisUrlError
 */
export function parseRedisUrl (text: string): RedisTarget {
  const [start, tls, kind] = schemeOf(text.trim())
  if (kind === 'sentinel') return { kind, tls, ...parseSentinels(text.trim().slice(start.length)) }
  const [first, ...others] = text.split(',').map((item, i) => parseItem(item.trim(), start, i + 1)) as [Item, ...Item[]]
  const { db, username, password } = first
  if (kind === undefined && others.length === 0) return { kind: 'single', tls, username, password, addresses: [first.address], db }
  if ([first, ...others].some(({ db }) => db !== 0)) throw new RedisUrlError('names a database by its path, and a Redis Cluster has only one: leave the path out, and tell brokers apart by REDIS_PREFIX')
  const unusedCredentials = others.flatMap((item, i) => isOther(item, first) ? [i + 2] : [])
  return { kind: 'cluster', tls, username, password, addresses: [first, ...others].map(({ address }) => address), unusedCredentials }
}

/** Splits off the scheme. */
function schemeOf (text: string): [start: string, tls: boolean, kind: string | undefined] {
  const match = /^(rediss?)(?:\+(cluster|sentinel))?:\/\//.exec(text)
  if (match === null) throw new RedisUrlError('must begin with redis:// or rediss://, or for one address of a Redis Cluster with redis+cluster://, or for Sentinels with redis+sentinel:// (with rediss where TLS is used)')
  return [match[0], match[1] === 'rediss', match[2]]
}

function isOther (item: Credentials, first: Credentials): boolean {
  return `${item.username}${item.password}` !== '' && (item.username !== first.username || item.password !== first.password)
}

interface Item extends Credentials {
  address: RedisAddress
  db: number
}

function parseItem (item: string, start: string, position: number): Item {
  if (!/^\w+(\+\w+)?:\/\//.test(item)) throw new RedisUrlError(`: entry ${position} must be a whole URL, as in redis://one:6379,redis://two:6379; a comma separates the nodes of a Redis Cluster, and in a password it is %2C`)
  if (!item.startsWith(start)) throw new RedisUrlError(`: entry ${position} must have the same scheme as the first`)
  const url = parse(item.slice(start.length))
  const [, db] = /^\/?(\d*)$/.exec(url.pathname) ?? []
  if (db === undefined || url.search !== '') throw new RedisUrlError('may have the number of a database behind the host, and nothing else')
  return { address: addressOf(url, 6379), db: Number(db), ...credentialsOf(url) }
}

/** @param text what follows the scheme: `user:password@host:port,host:port/name?sentinelUser=…&sentinelPassword=…` */
function parseSentinels (text: string) {
  const [, userinfo = '', hosts, name, query] = /^([^/?]*@)?([^/?@]*)\/?([^/?]*)(.*)$/s.exec(text)!
  if (!name) throw new RedisUrlError('must end with the name by which the Sentinels know the master, as in redis+sentinel://one:26379,two:26379/mymaster')
  if (`${userinfo}${name}`.includes(',')) throw new RedisUrlError(`must list the Sentinels in one URL, as in redis+sentinel://one:26379,two:26379/mymaster; ${encode}`)
  return {
    addresses: hosts!.split(',').map(host => addressOf(parse(host.trim()), 26379)),
    name: decode(name),
    ...credentialsOf(parse(`${userinfo}host`)),
    ...sentinelCredentials(query!)
  }
}

function sentinelCredentials (query: string) {
  const found = { sentinelUser: '', sentinelPassword: '' }
  for (const parameter of query.split(/[?&]/).filter(Boolean)) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(parameter) ?? []
    if (name !== 'sentinelUser' && name !== 'sentinelPassword') throw new RedisUrlError(`may have only ?sentinelUser= and &sentinelPassword= behind the master's name; ${encode}`)
    // Not URLSearchParams, which decodes a + as a blank.
    found[name] = decode(value!)
  }
  return found
}

const encode = 'percent-encode what is special in a user or password, such as a comma as %2C'
const missingHost = `must name the host of each server; ${encode}`

function parse (text: string): URL {
  const url = `redis://${text}`
  if (!URL.canParse(url)) throw new RedisUrlError(missingHost)
  const parsed = new URL(url)
  if (parsed.hostname === '' || parsed.hash !== '') throw new RedisUrlError(missingHost)
  return parsed
}

function addressOf ({ hostname, port }: URL, defaultPort: number): RedisAddress {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) }
}

function credentialsOf ({ username, password }: URL): Credentials {
  return { username: decode(username), password: decode(password) }
}

function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new RedisUrlError('must be a URL with what is special in its user and password percent-encoded')
  }
}
