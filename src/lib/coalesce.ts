/**
 * `work` one at a time: a slow one must not put an older state over a newer one. One that has not begun yet will find all that there is by
 * then, so it does for whoever asks meanwhile, and a flood of signals costs no more than two.
 * @returns asks for it; each answer is that of the run that was waited for
 */
export function inTurn<T> (work: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return () => {
    if (next !== undefined) return next
    const asked = last.then(() => {
      next = undefined
      return work()
    })
    next = asked
    last = Promise.allSettled([asked])
    return asked
  }
}
