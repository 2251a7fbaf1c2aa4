const INTERVAL_MS = 1000
/** Time servers correct smaller differences gradually. */
const MIN_STEP_MS = 30_000

/**
 * Detects that the machine's clock was set while the broker runs: Twilio refuses tokens with the wrong time. Limits use a monotonic clock
 * and are not affected. Does not keep the process alive.
 * @param onStep called with the difference in milliseconds; negative if the clock was set back
 */
export function watchClock (onStep: (by: number) => void): { close (): void } {
  let offset = Date.now() - performance.now()
  const timer = setInterval(() => {
    const now = Date.now() - performance.now()
    if (Math.abs(now - offset) >= MIN_STEP_MS) onStep(Math.round(now - offset))
    offset = now
  }, INTERVAL_MS).unref()
  return { close: () => clearInterval(timer) }
}
