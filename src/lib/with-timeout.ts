/**
 * Resolves with the result of `work` if that settles in time. Does not stop `work` otherwise.
 * @param ms milliseconds
 * @throws Error with `message` after `ms`, and whatever `work` rejects with
 */
export async function withTimeout<T> (ms: number, message: string, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([work(), new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(message)), ms)
    })])
  } finally {
    clearTimeout(timer)
  }
}
