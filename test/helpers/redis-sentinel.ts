import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { redisProcess, type RedisProcess } from './redis-process.js'
import { until } from './until.js'

const quick = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--repl-diskless-sync-delay', '0']

/** In milliseconds. Shorter than those of Redis, but for the pause after which a Sentinel mistrusts its clock: it does nothing for half a minute then. */
const periods = ['ping-period', 300, 'info-period', 300, 'publish-period', 200, 'ask-period', 200, 'tilt-trigger', 60_000]

/** A master with two replicas and three Sentinels that watch it, on free ports of 127.0.0.1. The master's name is `mymaster`. */
export async function redisSentinel () {
  const folder = mkdtempSync(join(tmpdir(), 'broker-redis-sentinel-'))
  const [masterPort, ...replicaPorts] = await Promise.all([1, 2, 3].map(freePort)) as [number, number, number]
  const server = (port: number, ...more: string[]) => redisProcess(port, ['--port', `${port}`, ...quick, '--dir', folder, ...more])
  const servers = [server(masterPort), ...replicaPorts.map(port => server(port, '--replicaof', '127.0.0.1', `${masterPort}`))]
  const sentinels = await Promise.all([1, 2, 3].map(async () => {
    const port = await freePort()
    const file = join(folder, `sentinel-${port}.conf`)
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, `sentinel monitor mymaster 127.0.0.1 ${masterPort} 2`,
      'sentinel down-after-milliseconds mymaster 500', 'sentinel failover-timeout mymaster 2000'].join('\n'))
    return redisProcess(port, [file, '--sentinel'])
  }))
  const close = async (): Promise<void> => {
    await Promise.all([...servers, ...sentinels].map(process => process.kill()))
    rmSync(folder, { recursive: true })
  }
  const all = async (work: (process: RedisProcess) => Promise<boolean>, of: RedisProcess[]) => (await Promise.all(of.map(work))).every(Boolean)
  await Promise.all(servers.map(server => server.start()))
  await until(() => all(async replica => `${await replica.ask('INFO', 'replication')}`.includes('master_link_status:up'), servers.slice(1)))
  await Promise.all(sentinels.map(sentinel => sentinel.start()))
  await Promise.all(sentinels.map(sentinel => sentinel.ask('SENTINEL', 'DEBUG', ...periods)))
  const knowsTwo = (what: string) => all(async sentinel => (await sentinel.ask('SENTINEL', what, 'mymaster') as unknown[]).length === 2, sentinels)
  await until(async () => await knowsTwo('sentinels') && await knowsTwo('replicas'))

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
