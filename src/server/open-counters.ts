import type { Log } from '../lib/log.js'
import type { CounterSource } from '../limits/counters.js'
import { memory } from '../limits/memory/counters.js'
import type { Settings } from '../settings/schema.js'
import { readRedisTls } from './redis-tls.js'

/** Opens the counters that the settings name. If Redis is unavailable, that is logged and `up` is false. */
export async function openCounters (settings: Settings, cwd: string, logger: Log): Promise<CounterSource> {
  const { REDIS_URL: url, REDIS_PREFIX: prefix, REDIS_DOWN: down } = settings
  if (url === undefined) return memory
  const { sharedCounters } = await import('../limits/redis/shared.js')
  const without = down === 'local' ? 'each node limits for itself' : 'requests are refused with 503 until it is back'
  return sharedCounters({
    url,
    prefix,
    down,
    readTls: async () => (await readRedisTls(settings, cwd)).options,
    onChange (up, outage) {
      if (up) logger.info('Redis is connected; limits are shared')
      else logger.warn({ cause: outage?.cause }, `Redis is unavailable; ${without}${outage?.advice === undefined ? '' : `. ${outage.advice}`}`)
    },
    onEviction (policy) {
      logger.warn(`Redis may evict keys (maxmemory-policy is ${policy}), and limits and locks with them; run there: CONFIG SET maxmemory-policy noeviction`)
    }
  })
}
