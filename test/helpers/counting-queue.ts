import { HashQueue } from '../../src/callers/passwords/hash-queue.js'
import type { LoginContext } from '../../src/callers/store.js'

/** Counts the hashes that were asked for. */
export class CountingQueue extends HashQueue {
  hashes = 0

  override run<T> (login: LoginContext, hash: () => Promise<T>): Promise<T> {
    return super.run(login, () => {
      this.hashes++
      return hash()
    })
  }
}
