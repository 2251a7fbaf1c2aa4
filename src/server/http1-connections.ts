import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Backlog } from './backlog.js'
import { Deadlines } from './deadlines.js'
import { Http1Connection } from './http1-connection.js'

export interface Http1Limits {
  /** From its first byte on, a response must be read within this time. */
  timeoutMs: number
  /** After this number of requests a connection ends. */
  maxRequests: number
  backlog: Backlog
}

/** All connections of HTTP/1.1. */
export class Http1Connections {
  readonly #limits: Http1Limits
  readonly #deadlines: Deadlines
  readonly #open = new Map<Socket, Http1Connection>()
  readonly #onRequestEnd: () => void
  #closing = false

  /** @param onRequestEnd called whenever a request was answered or its client disconnected */
  constructor (limits: Http1Limits, onRequestEnd: () => void) {
    this.#limits = limits
    this.#deadlines = new Deadlines(limits.timeoutMs)
    this.#onRequestEnd = onRequestEnd
  }

  /** The number of unanswered requests. */
  get unanswered (): number {
    let sum = 0
    for (const { unanswered } of this.#open.values()) sum += unanswered
    return sum
  }

  /** @param socket one that Node's server has set up */
  add (socket: Socket): void {
    const { backlog, maxRequests } = this.#limits
    const connection = new Http1Connection(socket, { backlog, maxRequests, onRequestEnd: this.#onRequestEnd })
    this.#open.set(socket, connection)
    socket.once('close', () => this.#open.delete(socket))
    if (this.#closing) connection.announceClose()
  }

  /** Counts a request. @returns false when its connection has reached its number of requests: this one gets no response */
  admit (request: IncomingMessage, response: ServerResponse): boolean {
    return this.#open.get(request.socket)!.admit(request, response)
  }

  /** Ends connections whose client does not read a response in time. Call it every second. */
  endLate (): void {
    for (const [socket, { currentResponse }] of this.#open) {
      if (currentResponse?.headersSent && this.#deadlines.passed(currentResponse)) socket.destroy()
    }
  }

  /** From now on, the last response of each connection says `Connection: close`. */
  announceClose (): void {
    this.#closing = true
    for (const connection of this.#open.values()) connection.announceClose()
  }
}
