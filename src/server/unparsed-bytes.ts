/** The empty line at the end of a request's headers. */
const HEAD_END = Buffer.from('\r\n\r\n')
/** `GET / HTTP/1.1` and an empty line. */
const MIN_HEAD_BYTES = 18

/** Bytes that a connection has received and its parser has not seen yet. */
export class UnparsedBytes {
  #pieces: Buffer[] = []
  #size = 0

  get size (): number {
    return this.#size
  }

  push (piece: Buffer): void {
    this.#pieces.push(piece)
    this.#size += piece.length
  }

  /**
   * Removes and returns the next bytes, with the headers of at most this number of requests. An empty line in a body is counted like the
   * end of headers, so there may be fewer requests.
   */
  take (heads: number): Buffer {
    const [piece] = this.#pieces as [Buffer]
    const end = endOfHeads(piece, heads)
    if (end === piece.length) this.#pieces.shift()
    else this.#pieces[0] = piece.subarray(end)
    this.#size -= end
    return piece.subarray(0, end)
  }

  clear (): void {
    this.#pieces = []
    this.#size = 0
  }
}

/** Whether no more than one head ends in these bytes. */
export function isOneRequest (bytes: Buffer): boolean {
  const end = endOfHeads(bytes, 1)
  return bytes.length - end < MIN_HEAD_BYTES || !bytes.includes(HEAD_END, end)
}

function endOfHeads (bytes: Buffer, heads: number): number {
  let end = 0
  for (let i = 0; i < heads; i++) {
    const at = bytes.indexOf(HEAD_END, end)
    if (at === -1) return bytes.length
    end = at + HEAD_END.length
  }
  return end
}
