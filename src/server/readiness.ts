import type { Readiness } from '../monitoring/readiness.js'
import type { Settings } from '../settings/schema.js'
import type { Services } from './services.js'

/** Determines whether the broker can issue tokens now. */
export class BrokerReadiness {
  readonly #services: Services
  readonly #whenRedisIsDown: Settings['REDIS_DOWN']
  #isStopping = false

  constructor (services: Services, { REDIS_DOWN }: Settings) {
    this.#services = services
    this.#whenRedisIsDown = REDIS_DOWN
  }

  markStopping (): void {
    this.#isStopping = true
  }

  /** Lists the parts that do not work now. */
  now (): Readiness {
    const { store, provider, audit, counters } = this.#services
    const isClosedWithoutRedis = this.#whenRedisIsDown === 'closed'
    const missing: Readiness['missing'] = []
    if (!store.ready) missing.push('store')
    if (!counters.up && isClosedWithoutRedis) missing.push('redis')
    if (!audit.ok) missing.push('audit')
    if (provider.keys?.ready === false) missing.push('keys')
    if (this.#isStopping) missing.push('shutdown')
    return { missing, degraded: !counters.up && !isClosedWithoutRedis ? ['redis'] : [] }
  }
}
