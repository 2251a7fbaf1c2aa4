/** Milliseconds between two looks, and of a step that is told. Time servers slew what is less. */
const every = 1000
const step = 30_000

/**
 * Tells when the machine's clock is set while the broker runs. Limits count by a clock that cannot be set; a token holds
 * the time of day, and Twilio refuses one of a wrong clock. Keeps no process alive.
 * @param onStep told by how many milliseconds; negative where it was set back
 */
export function watchClock (onStep: (by: number) => void): { close (): void } {
  let offset = Date.now() - performance.now()
  const timer = setInterval(() => {
    const now = Date.now() - performance.now()
    if (Math.abs(now - offset) >= step) onStep(Math.round(now - offset))
    offset = now
  }, every).unref()
  return { close: () => clearInterval(timer) }
}
