/**
 * Keeps the first result of `read`, and shares a run that is under way. A failure is not kept: the next call reads again.
 * @returns a function that answers what `read` answers
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
