import type { Session } from './session.js'
import { renewAfter } from './backoff.js'
import type { Wanted } from './token-request.js'

/** A token, and when it is due for renewal, on the clock of `now`. */
export interface Held {
  token: string
  due: number
  ends: number
}

/** The tokens that the page has: one for each different request. */
export class Tokens {
  readonly #session: Session
  readonly now: () => number
  readonly #held = new Map<string, Held>()
  readonly #pending = new Map<string, Promise<Held>>()
  readonly #onGiven: () => void

  /** @param onGiven called whenever the broker has given a token */
  constructor (session: Session, now: () => number, onGiven: () => void) {
    this.#session = session
    this.now = now
    this.#onGiven = onGiven
  }

  /** The last token of this request, however old. */
  held (wanted: Wanted): Held | undefined {
    return this.#held.get(keyOf(wanted))
  }

  /** A new token. All who ask for the same one at once share a request. */
  async fetch (wanted: Wanted, again = false): Promise<Held> {
    const key = keyOf(wanted)
    const pending = this.#pending.get(key) ?? this.#ask(key, wanted, again)
    this.#pending.set(key, pending)
    return pending
  }

  async #ask (key: string, { path, body }: Wanted, again: boolean): Promise<Held> {
    try {
      const { token, expiresIn, asked } = await this.#session.ask(path, body, again)
      // Counted from the question, so that what is taken for alive here is alive at Twilio.
      const life = expiresIn * 1000
      const last = this.#held.get(key)
      // The same token again ends when it would have ended, whatever life the answer gives it.
      const held = last?.token === token ? last : { token, due: asked + renewAfter(life), ends: asked + life }
      this.#held.set(key, held)
      this.#onGiven()
      return held
    } finally {
      this.#pending.delete(key)
    }
  }
}

function keyOf ({ path, body }: Wanted): string {
  return path + body
}
