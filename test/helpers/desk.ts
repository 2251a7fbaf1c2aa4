import { GUESSING_WINDOW_MS, guessCounters } from '../../src/callers/guess-counters.js'
import { GuessLimiter } from '../../src/callers/guess-limiter.js'
import { Logins } from '../../src/callers/login.js'
import type { Caller } from '../../src/callers/store.js'
import { memory, MemoryCounters } from '../../src/limits/memory/counters.js'
import { Problem } from '../../src/problems.js'
import { FakeStore } from '../fakes/store.js'
import { home } from './login.js'

export const right = 'correct horse'
export const susan = { name: 'susan', identity: 'susan' }

/** Logins of a store, behind a guess limiter. */
export function desk ({ store = new FakeStore(), failuresMax = 5, size = 65_536 } = {}) {
  const guessLimiter = new GuessLimiter({ ...guessCounters(memory), perNameAndAddress: new MemoryCounters(GUESSING_WINDOW_MS, { maxKeys: size }), failuresMax })
  const logins = new Logins({ store, guessLimiter })
  const login = async (name = 'susan', password = right, ip = home, signal: AbortSignal = new AbortController().signal) =>
    await logins.login(name, password, { ip, signal })
  return { store, guessLimiter, logins, login }
}

/** What came of each login: the identity, or the refusal's code. */
export async function outcomes (logins: Array<Promise<Caller>>): Promise<string[]> {
  return await Promise.all(logins.map(login => login.then(({ identity }) => identity, error => error instanceof Problem ? error.code : `${error}`)))
}

export const wrong = { code: 'credentials-wrong', status: 401 }
