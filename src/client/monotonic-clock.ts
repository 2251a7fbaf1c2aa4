/**
 * Creates a clock in milliseconds that only goes forward and includes sleep. Its origin is arbitrary.
 *
 * The device's clock may be hours off, so no moment on it is ever compared with one of a server. The monotonic clock stands
 * still on some systems while the machine sleeps. So the monotonic clock counts, and where the device's clock has gone
 * further since the last look, the difference is taken for sleep: from 2 s on, which is far more than
 * what time servers correct, and far less than matters to a token. Should someone have set it forward instead, a token is
 * renewed early, once; setting it back changes nothing.
 */
export function clock (): () => number {
  let slept = 0
  let apart = 0
  return () => {
    const monotonic = performance.now()
    const gap = Date.now() - monotonic - apart
    if (apart && gap > 2_000) slept += gap
    apart += gap
    return monotonic + slept
  }
}
