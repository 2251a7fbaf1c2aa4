/**
 * What `work` resolves with, if it does so in time.
 * @param milliseconds how long it may take
 * @throws Error with `message` when it takes longer, and whatever `work` rejects with
 */
export async function within<T> (milliseconds: number, message: string, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([work(), new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(message)), milliseconds)
    })])
  } finally {
    clearTimeout(timer)
  }
}
