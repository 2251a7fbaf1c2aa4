/**
 * Calls `onLate` after `ms` milliseconds, unless the returned function is called before.
 *
 * What arrived while this process stood still is in time: where a timer and an answer are both due, Node runs the timer first, so the
 * answer gets one more turn of the event loop.
 */
export function startDeadline (ms: number, onLate: () => void): () => void {
  let lastChance: NodeJS.Immediate | undefined
  const timer = setTimeout(() => { lastChance = setImmediate(onLate) }, ms)
  return () => {
    clearTimeout(timer)
    clearImmediate(lastChance)
  }
}
