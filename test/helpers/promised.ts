import type { Counters } from '../../src/limits/counters.js'
import type { MemoryCounters } from '../../src/limits/memory/counters.js'
import { Problem } from '../../src/problems.js'

/** Counters that return promises, as shared ones do. @param failing the number of the reservation that fails */
export function promised (counters: MemoryCounters, failing?: number): Counters {
  let holds = 0
  return {
    windowMs: counters.windowMs,
    consume: async (...hit) => counters.consume(...hit),
    reserve: async (...hit) => {
      if (++holds === failing) throw new Problem('limiter-unavailable')
      return counters.reserve(...hit)
    },
    read: (...hit) => counters.read(...hit),
    clear: (...hits) => counters.clear(...hits)
  }
}
