import type { Test } from 'tap'

export interface Clock {
  /** Moves it forward, by milliseconds. */
  advance (by: number): void
}

/** Makes the clock of this process, which is that of the broker and of Twilio, one that can be moved until the test has ended. */
export function sharedClock (t: Test): Clock {
  const { now } = Date
  let ahead = 0
  Date.now = () => now() + ahead
  t.teardown(() => { Date.now = now })
  return { advance (by) { ahead += by } }
}
