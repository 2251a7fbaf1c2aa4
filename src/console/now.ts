import { clock } from '../client/monotonic-clock.js'

/** Returns milliseconds that only go forward, also while the machine sleeps: the device's own clock may be wrong. */
export const now = clock()
