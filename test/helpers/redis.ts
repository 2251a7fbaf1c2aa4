import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { COMMAND_TIMEOUT_MS } from '../../src/limits/redis/client.js'
import { freePort } from './free-port.js'
import { heldTimers } from './held-timers.js'
import { redisProcess } from './redis-process.js'

/** False, or why there is no Redis here: for `skip`. In CI a missing one is a failure, so there it is never skipped. */
export const noRedis = spawnSync('redis-server', ['--version']).error !== undefined && !process.env['CI'] && 'redis-server is not installed'

/** The brokers of this process wait for Redis as long as it takes, for the rest of the test. On a busy machine an answer may take longer than a request waits. */
export const patientWithRedis = (t: Test) => heldTimers(t, COMMAND_TIMEOUT_MS)

/** A Redis of its own, on a free port of 127.0.0.1, that keeps nothing on disk. */
export async function redisServer () {
  const directory = mkdtempSync(join(tmpdir(), 'broker-redis-'))
  const port = await freePort()
  const server = redisProcess(port, ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory])
  await server.start()
  return {
    ...server,
    url: `redis://127.0.0.1:${port}/0`,
    async close () {
      await server.kill()
      rmSync(directory, { recursive: true })
    }
  }
}
