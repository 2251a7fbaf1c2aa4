import type { RedisTarget } from './target.js'

/** Redis answers, but the server is not of the kind that REDIS_URL says. */
export class UnusableRedis extends Error {
  override readonly name = 'UnusableRedis'

  constructor (readonly word: 'cluster-node' | 'not-a-cluster' | 'a-sentinel' | 'not-a-sentinel' | 'unknown-master') {
    super(word)
  }
}

export interface Outage {
  /** One word for logs. */
  cause: string
  /** What an operator has to do; undefined if the cause does not reveal it. */
  advice: string | undefined
}

/** Drops the error's message: a server may repeat in it what it received, such as a password. */
export function outageOf (error: unknown, kind: RedisTarget['kind']): Outage {
  const cause = wordOf(error)
  return { cause, advice: advice.find(row => row.cause.test(cause) && (row.only ?? kind) === kind)?.says }
}

function wordOf (error: unknown): string {
  if (error instanceof UnusableRedis) return error.word
  if (!(error instanceof Error)) return 'closed'
  return refusalOf(error) ?? ('code' in error ? String(error.code) : 'no answer')
}

/** Returns the first word of Redis' answer if it refused the command, and so did not run it. Undefined for any other failure. */
export function refusalOf ({ name, message }: Error): string | undefined {
  // With a Redis Cluster, ioredis wraps the answer.
  const answer = name === 'ReplyError' ? message : /^Too many Cluster redirections. Last error: ReplyError: (.*)$/s.exec(message)?.[1]
  return answer?.replace(/[^A-Z].*/s, '')
}

/** `only`: the advice is right only for this kind of REDIS_URL. For the other kinds, the cause is a failover that will end. */
const advice: Array<{ cause: RegExp, only?: RedisTarget['kind'], says: string }> = [
  { cause: /^(cluster-node|MOVED|ASK|CROSSSLOT|TRYAGAIN|CLUSTERDOWN)$/, only: 'single', says: 'REDIS_URL names one node of a Redis Cluster: list several, as in redis://one:6379,redis://two:6379, or write redis+cluster://one:6379' },
  { cause: /^READONLY$/, only: 'single', says: 'REDIS_URL names a replica: give the address of its master, or of the Sentinels' },
  { cause: /^not-a-cluster$/, says: 'REDIS_URL is for a Redis Cluster, but the server is not part of one: give its one address, as in redis://one:6379' },
  { cause: /^a-sentinel$/, says: 'REDIS_URL names a Sentinel: write redis+sentinel://one:26379,two:26379/mymaster' },
  { cause: /^not-a-sentinel$/, says: 'REDIS_URL is for Sentinels, but the server is not one: give the addresses of the Sentinels' },
  { cause: /^unknown-master$/, says: 'The Sentinels do not know a master with the name at the end of REDIS_URL' },
  { cause: /^(NOAUTH|WRONGPASS)$/, says: 'Put the right user and password into REDIS_URL' },
  { cause: /^NOPERM$/, says: 'The user in REDIS_URL lacks a right: docs/operations.md has the rule to set' },
  { cause: /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/, says: 'The certificate of Redis is not signed by an authority that is trusted here: name the right one in REDIS_CA_FILE' },
  { cause: /^ERR_TLS_CERT_ALTNAME_INVALID$/, says: 'The certificate of Redis is for other names than the host in REDIS_URL' },
  { cause: /^CERT_HAS_EXPIRED$/, says: 'The certificate of Redis has expired: renew it there' },
  { cause: /^ERR_SSL_TLSV1\w*CERTIFICATE_REQUIRED$/, says: 'Redis requires a client certificate: set REDIS_CERT_FILE and REDIS_KEY_FILE' }
]
