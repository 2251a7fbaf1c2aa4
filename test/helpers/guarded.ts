import { GUESSING_WINDOW_MS } from '../../src/callers/guess-counters.js'
import { GuessLimiter, type GuessLimiterOptions } from '../../src/callers/guess-limiter.js'
import type { LoginAttempt } from '../../src/callers/login-attempt.js'
import { canonicalName } from '../../src/caller.js'
import { MemoryKnownAddresses } from '../../src/limits/memory/known-addresses.js'
import { MemoryCounters } from '../../src/limits/memory/counters.js'
import { Problem } from '../../src/problems.js'
import { clock } from './clock.js'
import { home, login } from './login.js'

export const susanAtHome = `${home} ${canonicalName('susan')}`

/** A guess limiter with a manual clock, and short forms for tests. */
export function guarded (options: Partial<GuessLimiterOptions> = {}) {
  const time = clock()
  const guessLimiter = new GuessLimiter({
    perNameAndAddress: new MemoryCounters(GUESSING_WINDOW_MS, time),
    perName: new MemoryCounters(GUESSING_WINDOW_MS, time),
    cachePerNameAndAddress: new MemoryCounters(GUESSING_WINDOW_MS, time),
    cachePerName: new MemoryCounters(GUESSING_WINDOW_MS, time),
    knownAddresses: new MemoryKnownAddresses(time.now),
    failuresMax: 5,
    ...options
  })
  const reserve = async (name = 'susan', ip = home, signal: AbortSignal = login().signal) => await guessLimiter.reserve(name, { ip, signal })
  return {
    time,
    guessLimiter,
    reserve,
    async fail (times: number, name?: string, ip?: string) {
      for (let i = 0; i < times; i++) (await reserve(name, ip)).failed()
    },
    async succeed (name?: string, ip?: string) {
      (await reserve(name, ip)).succeeded()
    }
  }
}

/** The attempts that are admitted, in order, and the codes of the refusals. */
export function collect (logins: Array<Promise<LoginAttempt>>) {
  const attempts: LoginAttempt[] = []
  const refused: unknown[] = []
  for (const login of logins) login.then(attempt => attempts.push(attempt), error => refused.push(error instanceof Problem ? error.code : error))
  return { attempts, refused }
}

export const limited = { code: 'login-limited', status: 429 }
