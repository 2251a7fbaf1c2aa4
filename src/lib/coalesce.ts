/**
 * Runs `work` one at a time. Calls that arrive during a run share one next run, so a flood of signals costs at most two runs, and a slow
 * run never overwrites the result of a newer one.
 * @returns a function that starts or joins a run, and settles as that run does
 */
export function coalesce<T> (work: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return () => {
    if (next !== undefined) return next
    const run = last.then(() => {
      next = undefined
      return work()
    })
    next = run
    last = Promise.allSettled([run])
    return run
  }
}
