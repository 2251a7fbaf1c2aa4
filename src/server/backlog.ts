/** A connection that can continue reading. */
export interface Reader {
  read (): void
}

/** Concurrent requests beyond the first of each connection. Over TLS an unread response takes up to 60 KB. */
const MAX_REQUESTS = 512
const MAX_BYTES = 32 * 1024 * 1024

/**
 * Limits what all connections together hold for clients that send requests without waiting for responses (pipelining, or HTTP/2 streams).
 * When it is full, each connection may still have one request at a time.
 */
export class Backlog {
  /** Running requests beyond the first of each connection. */
  requests = 0
  /** Bytes that were received but not parsed yet. */
  bytes = 0
  readonly #readers = new Set<Reader>()
  #nextTurn: NodeJS.Immediate | undefined

  get requestsLeft (): number {
    return Math.max(0, MAX_REQUESTS - this.requests)
  }

  get isFull (): boolean {
    return this.bytes > MAX_BYTES
  }

  /** Calls a reader in a later turn of the event loop. There is one reader a turn, so that other clients are served in between. */
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
