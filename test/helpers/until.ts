import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits for a condition, looking every 10 ms.
 * @param limit milliseconds; long, so that a machine with much else to do fails nothing
 * @throws Error after `limit`, also where the condition itself never answers
 */
export async function until (condition: () => boolean | Promise<boolean>, limit = 30_000): Promise<void> {
  const met = new AbortController()
  let isLate = false
  const late = pause(limit, false, { signal: met.signal }).then(() => { isLate = true; return false }, () => false)
  try {
    while (!await Promise.race([condition(), late])) {
      if (isLate) throw new Error(`still not so after ${limit} ms: ${condition}`)
      await pause(10)
    }
  } finally {
    met.abort()
  }
}
