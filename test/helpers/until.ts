import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits for a condition, looking every 10 ms.
 * @returns the milliseconds it took
 * @throws Error after `limit` milliseconds
 */
export async function until (condition: () => boolean | Promise<boolean>, limit = 10_000) {
  const start = performance.now()
  while (!await condition()) {
    if (performance.now() - start > limit) throw new Error(`still not so after ${limit} ms: ${condition}`)
    await pause(10)
  }
  return performance.now() - start
}
