import { startDeadline } from './deadline.js'

/**
 * Resolves with the result of `work` if that settles in time. Does not stop `work` otherwise.
 * @param ms milliseconds
 * @throws Error with `message` after `ms`, and whatever `work` rejects with
 */
export async function withTimeout<T> (ms: number, message: string, work: () => Promise<T>): Promise<T> {
  let settled = () => {}
  try {
    return await Promise.race([work(), new Promise<never>((_resolve, reject) => {
      settled = startDeadline(ms, () => reject(new Error(message)))
    })])
  } finally {
    settled()
  }
}
