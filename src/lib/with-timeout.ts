import { startDeadline } from './deadline.js'

/**
 * Resolves with the result of `work` if that settles in time. Does not stop `work` otherwise.
 * @param ms milliseconds
 * @throws Error with `message` after `ms`; or the error of `work`
 */
export function withTimeout<T> (ms: number, message: string, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const settled = startDeadline(ms, () => reject(new Error(message)))
    work().finally(settled).then(resolve, reject)
  })
}
