import type { Test } from 'tap'
import { sharedCounters, type SharedOptions } from '../../src/limits/redis/shared.js'
import { redisServer } from './redis.js'

export const minute = 60_000

/** A Redis of the test's own. */
export async function redis (t: Test) {
  const server = await redisServer()
  t.teardown(server.close)
  return server
}

/** The counters of one node, and what it told of Redis. */
export async function node (t: Test, url: string, down: SharedOptions['down'] = 'local') {
  const told: Array<[up: boolean, cause?: string]> = []
  const source = await sharedCounters({ url, down, onChange: (...change) => told.push(change) })
  t.teardown(source.close)
  return { source, told, counters: source.counters('test', minute) }
}
