/** Milliseconds by which the two clocks must part for a sleep: far more than what time servers correct, far less than matters to a token. */
const sleep = 2_000

/**
 * Makes a clock of milliseconds that only goes forward, through sleep too; what its numbers start from means nothing.
 *
 * The device's clock may be hours off, so no moment on it is ever compared with one of a server. The monotonic clock stands
 * still on some systems while the machine sleeps. So the monotonic clock counts, and where the device's clock has gone
 * further since the last look, the difference is taken for sleep. Should someone have set it forward instead, a token is
 * renewed early, once; setting it back changes nothing.
 */
export function clock (): () => number {
  let slept = 0
  let wall = Date.now()
  let monotonic = performance.now()
  return () => {
    const [wallNow, monotonicNow] = [Date.now(), performance.now()]
    const gap = (wallNow - wall) - (monotonicNow - monotonic)
    if (gap > sleep) slept += gap
    wall = wallNow
    monotonic = monotonicNow
    return monotonicNow + slept
  }
}
