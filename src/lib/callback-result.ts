/**
 * Calls a function that takes a Node callback. Returns a promise only if it has to wait for the callback.
 * @throws the callback's error, if the callback is called synchronously
 */
export function callbackResult (call: (done: (error?: Error) => void) => void): void | Promise<void> {
  let ended: { error: Error | undefined } | undefined
  let onEnd = (_error: Error | undefined): void => {}
  call(error => {
    ended = { error }
    onEnd(error)
  })
  if (ended === undefined) return new Promise((resolve, reject) => { onEnd = error => error === undefined ? resolve() : reject(error) })
  const { error } = ended as { error: Error | undefined }
  if (error !== undefined) throw error
}
