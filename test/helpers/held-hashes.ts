import type { VerifyHash } from '../../src/callers/passwords/hash-threads.js'
import { verifyHash as inThread } from './in-thread.js'
import { until } from './until.js'

/** Password hashes that end when the test says so, one by one or all. */
export function heldHashes () {
  /** The passwords whose hash has begun, in order. */
  const begun: string[] = []
  let held: Array<() => void> | undefined
  const verifyHash: VerifyHash = async (hash, password) => {
    begun.push(password)
    if (held !== undefined) await new Promise<void>(resolve => held?.push(resolve))
    return inThread(hash, password)
  }
  return {
    begun,
    verifyHash,
    /** From now on none ends by itself. */
    hold () { held = [] },
    /** Ends the hash that began first, and waits until another has begun. */
    async endOne () {
      const before = begun.length
      held!.shift()!()
      await until(() => begun.length > before)
    },
    /** From now on all end by themselves. */
    release () {
      const ending = held ?? []
      held = undefined
      for (const end of ending) end()
    }
  }
}
