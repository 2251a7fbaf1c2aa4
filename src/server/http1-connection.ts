import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { unfinishedResponses } from '../http/hang-up.js'
import type { Backlog, Reader } from './backlog.js'
import { isOneRequest, UnparsedBytes } from './unparsed-bytes.js'

const MAX_UNANSWERED = 32
/** Bytes that are read ahead. Without reading, nobody notices that the client has left. */
const READ_AHEAD = 32 * 1024
/** Bytes that Node still reads once a socket is paused: until it holds 16 KiB, in pieces of up to 64. */
const READ_WHILE_PAUSED = 80 * 1024

/**
 * Bounds the unanswered requests of an HTTP/1.1 connection. Node parses everything that it has received, so a client that pipelines 1000 requests and
 * reads no response would make it hold 1000 of each. Here the parser gets only so many bytes that at most 32 requests are unanswered. The others wait as
 * bytes, and beyond 32 KiB of those the socket is not read.
 */
export class Http1Connection implements Reader {
  readonly #socket: Socket
  readonly #backlog: Backlog
  readonly #maxRequests: number
  readonly #parse: (bytes: Buffer) => void
  readonly #unanswered: Set<ServerResponse>
  readonly #waiting = new UnparsedBytes()
  #newest: { request: IncomingMessage, response: ServerResponse } | undefined
  #requests = 0
  #closing = false
  /** Whether this class has paused the socket. Node does so, too, for reasons of its own. */
  #paused = false
  /** Bytes that the backlog counts for this connection. */
  #counted = 0

  /**
   * @param socket one that Node's server has set up
   * @param maxRequests after which the connection ends
   */
  constructor (socket: Socket, backlog: Backlog, maxRequests: number) {
    this.#socket = socket
    this.#backlog = backlog
    this.#maxRequests = maxRequests
    this.#unanswered = unfinishedResponses(socket)
    // Node's own listener, which hands everything to the parser.
    const [parse] = socket.listeners('data') as [(bytes: Buffer) => void]
    this.#parse = parse
    socket.off('data', parse)
    socket.on('data', bytes => this.#receive(bytes))
    socket.on('pause', () => this.#count())
    // Node resumes a socket whenever somebody reads a body.
    socket.on('resume', () => {
      if (!socket.isPaused()) this.#paused = false
      this.#pauseIfMuch()
      this.#readLater()
    })
    socket.once('close', () => this.#drop())
  }

  /** The response that is written next, or is being written. */
  get currentResponse (): ServerResponse | undefined {
    return this.#unanswered.values().next().value
  }

  /** Counts a request. @returns false when the connection has had all its requests, and this one gets no response */
  admit (request: IncomingMessage, response: ServerResponse): boolean {
    this.#requests += 1
    if (this.#requests > this.#maxRequests) return false
    if (this.#unanswered.size > 0) this.#backlog.requests += 1
    this.#unanswered.add(response)
    response.once('close', () => {
      this.#unanswered.delete(response)
      if (this.#unanswered.size > 0) this.#backlog.requests -= 1
      this.#readLater()
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

  /** Only the last one may say so: Node ends the connection after it, and the responses behind it would be lost. */
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
    // One request now, the others in later turns: a thousand clients may send a packet full of them at the same moment.
    if (isNext) this.#parseWaiting(1)
    else this.#pauseIfMuch()
  }

  read (): void {
    this.#parseWaiting(MAX_UNANSWERED)
  }

  #parseWaiting (most: number): void {
    // After `Connection: close`, or a request that cannot be parsed, nothing more is answered.
    if (!this.#socket.writable) return this.#drop()
    const allowed = Math.min(most, this.#allowed())
    if (allowed > 0) {
      if (this.#paused) this.#resume()
      // Where it is still paused, Node has done so, and its parser takes nothing now.
      if (!this.#socket.isPaused()) this.#parse(this.#waiting.take(allowed))
    }
    this.#pauseIfMuch()
    this.#readLater()
  }

  /** How many more requests the parser may find; none where this is 0 or less. */
  #allowed (): number {
    const { size } = this.#unanswered
    const left = this.#backlog.requestsLeft
    const allowed = Math.min(MAX_UNANSWERED - size, this.#maxRequests - this.#requests, size === 0 ? Math.max(1, left) : left)
    // A request whose body is still waiting here could never be answered.
    return allowed <= 0 && size === 1 && !this.#newest!.request.complete ? 1 : allowed
  }

  #readLater (): void {
    if (this.#waiting.size > 0 && this.#allowed() > 0 && (this.#paused || !this.#socket.isPaused())) this.#backlog.readInTurn(this)
  }

  #pauseIfMuch (): void {
    if (this.#waiting.size > READ_AHEAD && !this.#socket.isPaused()) {
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

  /** Keeps the backlog's count of bytes. Who needs more when it is full is disconnected. */
  #count (): void {
    const holds = this.#socket.destroyed ? 0 : this.#waiting.size + (this.#socket.isPaused() ? READ_WHILE_PAUSED : 0)
    this.#backlog.bytes += holds - this.#counted
    this.#counted = holds
    if (holds > 0 && this.#backlog.isFull) this.#socket.destroy()
  }
}
