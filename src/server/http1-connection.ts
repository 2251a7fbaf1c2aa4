import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { unfinishedResponses } from '../http/hang-up.js'
import type { Backlog, Reader } from './backlog.js'
import { isOneRequest, UnparsedBytes } from './unparsed-bytes.js'

const MAX_UNANSWERED = 32
/** Bytes that are read in advance. Without reading, the server would not notice a disconnect. */
const MAX_READ_AHEAD = 32 * 1024
/** Bytes that Node may still read after a pause: until it holds 16 KiB, in chunks of up to 64 KiB. */
const READ_WHILE_PAUSED = 80 * 1024

export interface Http1ConnectionOptions {
  backlog: Backlog
  /** After this number of requests the connection ends. */
  maxRequests: number
  /** Called whenever a request was answered or its client disconnected. */
  onRequestEnd: () => void
}

/**
 * Limits the unanswered requests of an HTTP/1.1 connection. Node parses everything that it has received, so a client that pipelines 1000
 * requests and reads no response would make it hold 1000 of each. Here the parser gets only as many bytes as make 32 unanswered requests.
 * The rest waits unparsed, and beyond 32 KiB of it the socket is paused.
 */
export class Http1Connection implements Reader {
  readonly #socket: Socket
  readonly #backlog: Backlog
  readonly #maxRequests: number
  readonly #onRequestEnd: () => void
  readonly #parse: (bytes: Buffer) => void
  readonly #unanswered: Set<ServerResponse>
  readonly #waiting = new UnparsedBytes()
  #newest: { request: IncomingMessage, response: ServerResponse } | undefined
  #requests = 0
  #closing = false
  /** Whether this class has paused the socket. Node also pauses sockets itself. */
  #paused = false
  /** Bytes that the backlog counts for this connection. */
  #counted = 0

  /** @param socket one that Node's server has set up */
  constructor (socket: Socket, { backlog, maxRequests, onRequestEnd }: Http1ConnectionOptions) {
    this.#socket = socket
    this.#backlog = backlog
    this.#maxRequests = maxRequests
    this.#onRequestEnd = onRequestEnd
    this.#unanswered = unfinishedResponses(socket)
    // Node's own listener, which passes everything to the parser.
    const [parse] = socket.listeners('data') as [(bytes: Buffer) => void]
    this.#parse = parse
    socket.off('data', parse)
    socket.on('data', bytes => this.#receive(bytes))
    socket.on('pause', () => this.#count())
    // Node resumes a socket whenever a body is read.
    socket.on('resume', () => {
      if (!socket.isPaused()) this.#paused = false
      this.#pauseIfMuch()
      this.#readLater()
    })
    socket.once('close', () => this.#drop())
  }

  /** The number of unanswered requests. */
  get unanswered (): number {
    return this.#unanswered.size
  }

  /** The response that is being written, or will be next. */
  get currentResponse (): ServerResponse | undefined {
    return this.#unanswered.values().next().value
  }

  /** Counts a request. @returns false when the connection has reached its number of requests: this one gets no response */
  admit (request: IncomingMessage, response: ServerResponse): boolean {
    this.#requests += 1
    if (this.#requests > this.#maxRequests) return false
    if (this.#unanswered.size > 0) this.#backlog.requests += 1
    this.#unanswered.add(response)
    response.once('close', () => {
      this.#unanswered.delete(response)
      if (this.#unanswered.size > 0) this.#backlog.requests -= 1
      this.#readLater()
      this.#onRequestEnd()
    })
    const previous = this.#newest?.response
    this.#newest = { request, response }
    // Node's own limit (`maxRequestsPerSocket`) answers 503 to all later requests and leaves the connection open.
    if (this.#requests === this.#maxRequests) response.setHeader('Connection', 'close')
    else if (this.#closing) this.#markLast(previous)
    return true
  }

  /** From now on, the last response says `Connection: close`. */
  announceClose (): void {
    this.#closing = true
    this.#markLast()
  }

  /** Marks only the last response, because Node closes the connection after a marked one. */
  #markLast (previous?: ServerResponse): void {
    if (previous?.headersSent === false) previous.removeHeader('Connection')
    const response = this.#newest?.response
    if (this.#waiting.size === 0 && response?.headersSent === false) response.setHeader('Connection', 'close')
  }

  #receive (bytes: Buffer): void {
    if (!this.#socket.writable) return
    const isNext = this.#waiting.size === 0
    if (isNext && isOneRequest(bytes) && this.#allowed() > 0) return this.#parse(bytes)
    this.#waiting.push(bytes)
    // Parses one request now and the others in later turns: a thousand clients may send a packet full of requests at the same time.
    if (isNext) this.#parseWaiting(1)
    else this.#pauseIfMuch()
  }

  read (): void {
    this.#parseWaiting(MAX_UNANSWERED)
  }

  #parseWaiting (max: number): void {
    // After `Connection: close`, or a request that cannot be parsed, no further request is answered.
    if (!this.#socket.writable) return this.#drop()
    const allowed = Math.min(max, this.#allowed())
    if (allowed > 0) {
      if (this.#paused) this.#resume()
      // If the socket is still paused, Node has paused it, and its parser accepts nothing now.
      if (!this.#socket.isPaused()) this.#parse(this.#waiting.take(allowed))
    }
    this.#pauseIfMuch()
    this.#readLater()
  }

  /** How many more requests may be parsed; none if this is 0 or less. */
  #allowed (): number {
    const { size } = this.#unanswered
    const left = this.#backlog.requestsLeft
    const allowed = Math.min(MAX_UNANSWERED - size, this.#maxRequests - this.#requests, size === 0 ? Math.max(1, left) : left)
    // Allows one more: the body of the current request may still wait here, and without it that is never answered.
    return allowed <= 0 && size === 1 && !this.#newest!.request.complete ? 1 : allowed
  }

  #readLater (): void {
    if (this.#waiting.size > 0 && this.#allowed() > 0 && (this.#paused || !this.#socket.isPaused())) this.#backlog.readInTurn(this)
  }

  #pauseIfMuch (): void {
    if (this.#waiting.size > MAX_READ_AHEAD && !this.#socket.isPaused()) {
      this.#paused = true
      this.#socket.pause()
    }
    this.#count()
  }

  #resume (): void {
    this.#paused = false
    this.#socket.resume()
  }

  #drop (): void {
    this.#waiting.clear()
    this.#count()
  }

  /** Updates the backlog's count of bytes. A connection that needs more while the backlog is full is destroyed. */
  #count (): void {
    const holds = this.#socket.destroyed ? 0 : this.#waiting.size + (this.#socket.isPaused() ? READ_WHILE_PAUSED : 0)
    this.#backlog.bytes += holds - this.#counted
    this.#counted = holds
    if (holds > 0 && this.#backlog.isFull) this.#socket.destroy()
  }
}
