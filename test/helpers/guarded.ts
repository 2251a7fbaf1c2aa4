import { GUESSING_WINDOW } from '../../src/callers/guess-counters.js'
import { GuessLimiter, type GuessLimiterOptions, type LoginAttempt } from '../../src/callers/guess-limiter.js'
import { canonicalName } from '../../src/caller.js'
import { MemoryKnownAddresses } from '../../src/limits/memory/known-addresses.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { Problem } from '../../src/problems.js'
import { clock } from './clock.js'
import { home, login } from './login.js'

export const susanAtHome = `${home} ${canonicalName('susan')}`

/** A guard of its own, by a clock that stands, and what tests do with it. */
export function guarded (options: Partial<GuessLimiterOptions> = {}) {
  const time = clock()
  const guard = new GuessLimiter({
    pairs: new MemoryCounters(GUESSING_WINDOW, time),
    names: new MemoryCounters(GUESSING_WINDOW, time),
    cachePairs: new MemoryCounters(GUESSING_WINDOW, time),
    cacheNames: new MemoryCounters(GUESSING_WINDOW, time),
    knownAddresses: new MemoryKnownAddresses(time.now),
    failuresMax: 5,
    ...options
  })
  const reserve = async (name = 'susan', ip = home, signal: AbortSignal = login().signal) => await guard.reserve(name, { ip, signal })
  return {
    time,
    guard,
    reserve,
    async fail (times: number, name?: string, ip?: string) {
      for (let i = 0; i < times; i++) (await reserve(name, ip)).failed()
    },
    async succeed (name?: string, ip?: string) {
      (await reserve(name, ip)).succeeded()
    }
  }
}

/** The places that are given, in order, and the codes of the refusals. */
export function collect (attempts: Array<Promise<LoginAttempt>>) {
  const places: LoginAttempt[] = []
  const refused: unknown[] = []
  for (const attempt of attempts) attempt.then(place => places.push(place), error => refused.push(error instanceof Problem ? error.code : error))
  return { places, refused }
}

export const limited = { code: 'login-limited', status: 429 }
