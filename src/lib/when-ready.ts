/** Like `Promise.then`, but synchronous for a value: a promise would cost more than the work itself. */
export function whenReady<T, U> (value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
