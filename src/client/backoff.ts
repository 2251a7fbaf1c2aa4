// All times here are in milliseconds.

/**
 * When a token of this life is to be renewed, counted from its birth: at two thirds, at the latest 3 minutes before the end.
 * A life of less than 270 s would leave no pause with that, so a third of it always passes, and 13 s of the shortest. Up to a tenth
 * earlier, so that pages which were opened together do not stay together.
 */
export function renewAfter (life: number): number {
  return Math.max(15_000, life / 3, Math.min(life * 2 / 3, life - 180_000)) * (1 - Math.random() / 10)
}

/** How long to wait after so many failures: it doubles from 1 s, half of it left to chance. */
export function backOff (failures: number, longest = 60_000): number {
  return Math.min(longest, 1000 * 2 ** (failures - 1)) * (1 + Math.random()) / 2
}

/** How long to wait where a server said for how long, at least. Everyone was told the same, so up to half as long again, or a second. */
export function afterAtLeast (wait: number): number {
  return wait + Math.random() * Math.max(1000, wait / 2)
}
