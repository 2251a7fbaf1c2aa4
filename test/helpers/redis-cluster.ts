import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RedisOptions } from 'ioredis'
import { freePort } from './free-port.js'
import { redisProcess, type RedisProcess } from './redis-process.js'
import { keyOf } from './redis-nodes.js'
import { until } from './until.js'

const slots = 16_384
const quick = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--repl-diskless-sync-delay', '0']

type Node = RedisProcess & { bus: number }

export interface ClusterOptions {
  masters?: number
  /** Further arguments of `redis-server`. */
  args?: (port: number) => string[]
  /** How the test connects. */
  connect?: RedisOptions
}

/**
 * A Redis Cluster on free ports of 127.0.0.1, with timeouts of a second and a half. Each master has a replica; one alone has none.
 */
export async function redisCluster ({ masters = 3, args = () => [], connect = {} }: ClusterOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'broker-redis-cluster-'))
  const nodes = await Promise.all(Array.from({ length: masters === 1 ? 1 : 2 * masters }, async () => {
    const [port, bus] = [await freePort(), await freePort()]
    const node = redisProcess(port, ['--port', `${port}`, '--cluster-port', `${bus}`, '--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-config-file', `nodes-${port}.conf`,
      '--cluster-node-timeout', '1500', '--cluster-replica-validity-factor', '0', ...quick, '--dir', folder, ...args(port)], connect)
    return Object.assign(node, { bus })
  }))
  await Promise.all(nodes.map(node => node.start()))
  await joinNodes(nodes, masters)
  const slot = await nodes[0]!.ask('CLUSTER', 'KEYSLOT', keyOf('probe', '')) as number

  /** The master that has the brokers' keys, by what the first node knows that answers. */
  async function owner (): Promise<Node> {
    for (const node of nodes) {
      const ranges = await node.ask('CLUSTER', 'SLOTS').catch(() => []) as Array<[number, number, [string, number]]>
      const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1]
      const found = nodes.find(node => node.port === port)
      if (found !== undefined) return found
    }
    throw new Error('no node of the cluster answers')
  }

  return {
    nodes,
    owner,
    /** The masters' addresses, as REDIS_URL lists them. */
    url: nodes.slice(0, masters).map(({ port }) => `redis://127.0.0.1:${port}`).join(','),
    /** Moves the slot of the brokers' keys to another master, as `redis-cli --cluster reshard` does. `meanwhile` runs while half of them are here and half there. */
    async migrate (meanwhile: () => Promise<void>): Promise<void> {
      const from = await owner()
      const to = nodes.slice(0, masters).find(node => node !== from)!
      const [fromId, toId] = await Promise.all([from, to].map(node => node.ask('CLUSTER', 'MYID') as Promise<string>)) as [string, string]
      await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
      await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
      const keys = async (): Promise<string[]> => await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 100_000) as string[]
      const move = async (some: string[]) => { if (some.length > 0) await from.ask('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...some) }
      // Those that brokers check with stay, as they may.
      const movable = (await keys()).filter(key => !key.includes(':probe:'))
      await move(movable.slice(movable.length / 2))
      await meanwhile()
      for (let left = await keys(); left.length > 0; left = await keys()) await move(left)
      for (const node of [to, from, ...nodes.slice(0, masters)]) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
    },
    async close (): Promise<void> {
      await Promise.all(nodes.map(node => node.kill()))
      rmSync(folder, { recursive: true })
    }
  }
}

/** What `redis-cli --cluster create` does, without its waits. */
async function joinNodes (nodes: Node[], masters: number): Promise<void> {
  const [first, ...others] = nodes
  const share = Math.ceil(slots / masters)
  await Promise.all(nodes.slice(0, masters).map((node, i) => node.ask('CLUSTER', 'ADDSLOTSRANGE', i * share, Math.min(slots, (i + 1) * share) - 1)))
  await Promise.all(nodes.map((node, i) => node.ask('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)))
  for (const { port, bus } of others) await first!.ask('CLUSTER', 'MEET', '127.0.0.1', port, bus)
  const all = async (isSo: (node: Node) => Promise<boolean>, of = nodes) => (await Promise.all(of.map(isSo))).every(Boolean)
  const says = async (node: Node, section: string[], text: string) => `${await node.ask(section[0]!, ...section.slice(1))}`.includes(text)
  await until(() => all(async node => `${await node.ask('CLUSTER', 'NODES')}`.trim().split('\n').filter(line => !line.includes('handshake')).length === nodes.length))
  await Promise.all(nodes.slice(masters).map(async (node, i) => node.ask('CLUSTER', 'REPLICATE', await nodes[i]!.ask('CLUSTER', 'MYID') as string)))
  await until(() => all(node => says(node, ['CLUSTER', 'INFO'], 'cluster_state:ok')))
  await until(() => all(node => says(node, ['INFO', 'replication'], 'master_link_status:up'), nodes.slice(masters)))
}
