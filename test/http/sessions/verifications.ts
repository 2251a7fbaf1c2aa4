import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/** Counts the signatures that this process verifies until it is stopped. */
export function countVerifications () {
  const { verify } = crypto
  let count = 0
  const put = (own: unknown) => {
    Object.assign(crypto, { verify: own })
    syncBuiltinESMExports()
  }
  put((...args: Parameters<typeof verify>) => {
    count++
    return verify(...args)
  })
  return {
    stop () {
      put(verify)
      return count
    }
  }
}
