import { syncBuiltinESMExports } from 'node:module'
import promises from 'node:timers/promises'
import type { Test } from 'tap'

/**
 * Holds the timers of this process that have one length: they end when the test says so and never by themselves. What a test does before
 * such a timer ends may then take as long as a busy machine needs.
 * @param ms the length, which nothing else in the test may use
 */
export function heldTimers (t: Test, ms: number) {
  const held = new Map<unknown, () => void>()
  const { setTimeout, clearTimeout } = globalThis
  const pause = promises.setTimeout

  function hold (callback: () => void): NodeJS.Timeout {
    // A real one, so that `unref` and the like work, of the longest time that there is.
    const timer = setTimeout(() => {}, 2 ** 31 - 1).unref()
    held.set(timer, callback)
    return timer
  }

  globalThis.setTimeout = Object.assign((callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) =>
    delay === ms ? hold(() => callback(...args)) : setTimeout(callback, delay, ...args), setTimeout)
  globalThis.clearTimeout = timer => {
    held.delete(timer)
    clearTimeout(timer)
  }
  promises.setTimeout = (delay, value, options) => delay !== ms
    ? pause(delay, value, options)
    : new Promise((resolve, reject) => {
      hold(() => resolve(value!))
      options?.signal?.addEventListener('abort', () => reject(options.signal!.reason))
    })
  syncBuiltinESMExports()
  t.teardown(() => {
    Object.assign(globalThis, { setTimeout, clearTimeout })
    promises.setTimeout = pause
    syncBuiltinESMExports()
  })

  return {
    /** How many are held. */
    get count () { return held.size },
    /** Ends those that are held. */
    end () {
      const ending = [...held.values()]
      held.clear()
      for (const callback of ending) callback()
    }
  }
}
