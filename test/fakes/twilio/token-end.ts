import type { Connection } from './protocol.js'

/** When the token of a connection ends, and what its SDK has been told of that. */
export class TokenEnd {
  #at = Infinity
  #warned = false

  /** @param ttl seconds */
  set (ttl: number): void {
    this.#at = Date.now() + ttl * 1000
    this.#warned = false
  }

  look ({ warning, aboutToExpire, expire }: Connection): void {
    const left = this.#at - Date.now()
    if (left <= 0) {
      this.#at = Infinity
      expire()
    } else if (left <= warning && !this.#warned) {
      this.#warned = true
      aboutToExpire()
    }
  }
}
