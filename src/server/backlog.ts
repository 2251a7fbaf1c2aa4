/** Something that reads on when its turn comes. */
export interface Reader {
  read (): void
}

/** Requests in work at once beyond the first of each connection. Over TLS an unread response takes up to 60 KB. */
const MAX_REQUESTS = 512
const MAX_BYTES = 32 * 1024 * 1024

/**
 * What all connections together hold for clients that send requests without waiting for responses (pipelining, or the streams of HTTP/2).
 * When it is full, each connection still has one request at a time.
 */
export class Backlog {
  /** Requests in work beyond the first of their connection. */
  requests = 0
  /** Bytes that were received and are not parsed yet. */
  bytes = 0
  readonly #readers = new Set<Reader>()
  #nextTurn: NodeJS.Immediate | undefined

  get requestsLeft (): number {
    return Math.max(0, MAX_REQUESTS - this.requests)
  }

  get isFull (): boolean {
    return this.bytes > MAX_BYTES
  }

  /** Lets a reader read in a later turn of the event loop. There is one reader in each turn, so everybody else is served in between. */
  readInTurn (reader: Reader): void {
    this.#readers.add(reader)
    this.#nextTurn ??= setImmediate(() => this.#readNext())
  }

  #readNext (): void {
    const reader = this.#readers.values().next().value!
    this.#readers.delete(reader)
    reader.read()
    this.#nextTurn = this.#readers.size > 0 ? setImmediate(() => this.#readNext()) : undefined
  }
}
