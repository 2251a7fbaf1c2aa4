/**
 * Caches the first result of `read`; calls during a run share it. A failure is not cached: the next call reads again.
 * @returns a function that returns the result of `read`
 */
export function rememberSuccess<T> (read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= read().catch((error: unknown) => {
      result = undefined
      throw error
    })
    return result
  }
}
