/** Lets everything happen that needs no time. */
export const settle = () => new Promise(resolve => setImmediate(resolve))

/** Whether a promise settles without waiting for anything: no timer and nothing from outside. */
export async function settlesAtOnce (promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true, () => true), settle().then(() => false)])
}
