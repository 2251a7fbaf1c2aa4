/**
 * Calls `onLate` after `ms` milliseconds, unless the returned function is called before.
 *
 * An answer that arrived while this process was paused counts as in time: if a timer and an answer are both due, Node runs the timer first,
 * so `onLate` is delayed by one turn of the event loop.
 */
export function startDeadline (ms: number, onLate: () => void): () => void {
  let lastChance: NodeJS.Immediate | undefined
  const timer = setTimeout(() => { lastChance = setImmediate(onLate) }, ms)
  return () => {
    clearTimeout(timer)
    clearImmediate(lastChance)
  }
}
