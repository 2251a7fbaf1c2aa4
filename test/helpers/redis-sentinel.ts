import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedisOptions } from 'ioredis'
import { freePort } from './free-port.js'
import { redisProcess, type RedisProcess } from './redis-process.js'
import { until } from './until.js'

/** In milliseconds. Shorter than those of Redis, but for the pause after which a Sentinel mistrusts its clock: it does nothing for half a minute then. */
const periods = ['ping-period', 300, 'info-period', 300, 'publish-period', 200, 'ask-period', 200, 'tilt-trigger', 60_000]

export interface SentinelOptions {
  replicas?: number
  sentinels?: number
  /** Further lines of configuration, for servers and Sentinels. */
  lines?: (port: number) => string[]
  /** How the test connects. */
  connect?: RedisOptions
}

/** A master with replicas, and Sentinels that watch it, on free ports of 127.0.0.1. The master's name is `mymaster`. */
export async function redisSentinel ({ replicas = 2, sentinels: watchers = 3, lines = () => [], connect = {} }: SentinelOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'broker-redis-sentinel-'))
  const ports = (count: number) => Promise.all(Array.from({ length: count }, freePort))
  const configured = (name: string, port: number, own: string[], ...args: string[]) => {
    const file = join(folder, `${name}-${port}.conf`)
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...own, ...lines(port)].join('\n'))
    return redisProcess(port, [file, ...args], connect)
  }
  const [masterPort, ...replicaPorts] = await ports(1 + replicas) as [number, ...number[]]
  const server = (port: number, ...more: string[]) => configured('server', port, ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0', ...more])
  const servers = [server(masterPort), ...replicaPorts.map(port => server(port, `replicaof 127.0.0.1 ${masterPort}`))]
  const sentinels = (await ports(watchers)).map(port => configured('sentinel', port, [
    `sentinel monitor mymaster 127.0.0.1 ${masterPort} ${Math.ceil((watchers + 1) / 2)}`,
    'sentinel down-after-milliseconds mymaster 1500', 'sentinel failover-timeout mymaster 2000'
  ], '--sentinel'))
  const close = async (): Promise<void> => {
    await Promise.all([...servers, ...sentinels].map(process => process.kill()))
    rmSync(folder, { recursive: true })
  }
  const all = async (work: (process: RedisProcess) => Promise<boolean>, of: RedisProcess[]) => (await Promise.all(of.map(work))).every(Boolean)
  await Promise.all(servers.map(server => server.start()))
  await until(() => all(async replica => `${await replica.ask('INFO', 'replication')}`.includes('master_link_status:up'), servers.slice(1)))
  await Promise.all(sentinels.map(sentinel => sentinel.start()))
  await Promise.all(sentinels.map(sentinel => sentinel.ask('SENTINEL', 'DEBUG', ...periods)))
  const know = (what: string, count: number) => all(async sentinel => (await sentinel.ask('SENTINEL', what, 'mymaster') as unknown[]).length === count, sentinels)
  await until(async () => await know('sentinels', watchers - 1) && await know('replicas', replicas))

  return {
    servers,
    sentinels,
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/mymaster`,
    /** Who is the master now, by what the Sentinels say. */
    async master () {
      const [, port] = await sentinels[0]!.ask('SENTINEL', 'get-master-addr-by-name', 'mymaster') as [string, string]
      return servers.find(server => server.port === Number(port))!
    },
    close
  }
}
