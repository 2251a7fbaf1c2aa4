import type { Test } from 'tap'

/** A clock that stands until it is told to go on. */
export function clock () {
  let time = 5000
  return { now: () => time, pass: (ms: number) => { time += ms } }
}

/** Lets so many milliseconds pass for what counts by the process's own monotonic clock, and is not given one. Timers do not hear of it. */
export function passMonotonic (t: Test, ms: number): void {
  const real = performance.now
  performance.now = () => real.call(performance) + ms
  t.teardown(() => { performance.now = real })
}
