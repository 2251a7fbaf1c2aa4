// All times here are in milliseconds.

/**
 * Returns when to renew a token, counted from its issue: after two thirds of its life, at the latest 3 minutes before its end. At least a
 * third of the life passes, and at least 13 s. Chance makes it up to a tenth earlier, so that pages that were opened together do not renew
 * together.
 */
export function renewAfter (life: number): number {
  return Math.max(15_000, life / 3, Math.min(life * 2 / 3, life - 180_000)) * (1 - Math.random() / 10)
}

/** Returns how long to wait after a number of failures: doubles from 1 s, and half of it is random. */
export function backOff (failures: number, longest = 60_000): number {
  return Math.min(longest, 500 * 2 ** failures) * (1 + Math.random()) / 2
}

/** Returns how long to wait after a Retry-After. All clients got the same, so adds at random up to half of it, or a second. */
export function afterAtLeast (wait: number): number {
  return wait + Math.random() * Math.max(1000, wait / 2)
}
