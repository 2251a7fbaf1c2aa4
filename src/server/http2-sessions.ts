import { constants, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Backlog } from './backlog.js'
import { Deadlines } from './deadlines.js'

export interface Http2Limits {
  /** Maximum time for a session without requests, for a request to arrive, and for a response to be read. */
  timeoutMs: number
  /** A closing session waits this long for its running requests. */
  closeTimeoutMs: number
  /** After this number of requests a session ends. */
  maxRequests: number
  backlog: Backlog
}

/** The settings of an HTTP/2 session: at most 16 KiB of headers, as in HTTP/1.1, and at most 16 KiB of a body sent ahead. */
export const settings = { maxConcurrentStreams: 100, maxHeaderListSize: 16 * 1024, initialWindowSize: 16 * 1024 }

/** Running requests of one session, as on an HTTP/1.1 connection. Others wait: clients may send 100 before they have read the settings. */
const MAX_RUNNING = 32

/** Beyond this number of sessions, a new one may have fewer streams. nghttp2 refuses further ones at almost no cost. */
const MANY_SESSIONS = 16
const STREAMS_AMONG_MANY = 8

interface Session {
  /** Destroyed instead of the session, which would wait until the client has read everything. */
  socket: TLSSocket
  running: Set<Http2ServerResponse>
  /** Requests that have not started, each with the function that starts it. */
  waiting: Map<Http2ServerResponse, () => void>
  /** Replaced whenever a request ends, so that its age is how long the session has been idle. */
  idle: object
}

/** All HTTP/2 sessions, with the limits that Node itself does not have. */
export class Http2Sessions {
  readonly #limits: Http2Limits
  readonly #deadlines: Deadlines
  readonly #open = new Map<ServerHttp2Session, Session>()
  readonly #onSessionEnd: () => void

  /** @param onSessionEnd called whenever a session has ended */
  constructor (server: Http2SecureServer, limits: Http2Limits, onSessionEnd: () => void) {
    this.#limits = limits
    this.#deadlines = new Deadlines(limits.timeoutMs)
    this.#onSessionEnd = onSessionEnd
    let socket: TLSSocket
    // Node's own listener, which runs next, creates the session.
    server.prependListener('secureConnection', (secured: TLSSocket) => { socket = secured })
    server.on('session', session => this.#add(session, socket))
  }

  get size (): number {
    return this.#open.size
  }

  /**
   * Starts a request once fewer than 32 others of its session are running. If the backlog is full, refuses it so that the client may retry
   * (RFC 9113 §8.7).
   */
  admit ({ stream }: Http2ServerRequest, response: Http2ServerResponse, begin: () => void): void {
    const { backlog, timeoutMs } = this.#limits
    const session = this.#open.get(stream.session as ServerHttp2Session)!
    const isFirst = session.running.size === 0
    if (!isFirst && backlog.requestsLeft === 0) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return
    }
    if (!isFirst) backlog.requests += 1
    // Node's `requestTimeout` applies to HTTP/1.1 only.
    const lateBody = stream.endAfterHeaders ? undefined : setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), timeoutMs)
    stream.once('end', () => clearTimeout(lateBody))
    response.once('close', () => {
      clearTimeout(lateBody)
      if (!isFirst) backlog.requests -= 1
      session.waiting.delete(response)
      session.running.delete(response)
      session.idle = {}
      beginWaiting(session)
    })
    session.waiting.set(response, begin)
    beginWaiting(session)
  }

  /** Ends idle sessions and responses that are not read in time, even if the client sends other frames. Call it every second. */
  endLate (): void {
    for (const [session, state] of this.#open) {
      for (const response of state.running) if (response.headersSent && this.#deadlines.passed(response)) endLateResponse(response, state)
      if (state.running.size === 0 && this.#deadlines.passed(state.idle)) this.#end(session)
    }
  }

  /** Tells every client to send no more (GOAWAY), and ends each session once its requests are answered. */
  endAll (): void {
    for (const session of this.#open.keys()) this.#end(session)
  }

  #add (session: ServerHttp2Session, socket: TLSSocket): void {
    let requests = 0
    if (this.#open.size >= MANY_SESSIONS) session.settings({ maxConcurrentStreams: STREAMS_AMONG_MANY })
    this.#open.set(session, { socket, running: new Set(), waiting: new Map(), idle: {} })
    session.once('close', () => {
      this.#open.delete(session)
      this.#onSessionEnd()
    })
    session.on('stream', () => { if (++requests === this.#limits.maxRequests) this.#end(session) })
  }

  #end (session: ServerHttp2Session): void {
    if (session.closed) return
    session.close()
    const { socket } = this.#open.get(session)!
    const late = setTimeout(() => socket.destroy(), this.#limits.closeTimeoutMs)
    session.once('close', () => clearTimeout(late))
  }
}

function beginWaiting ({ running, waiting }: Session): void {
  for (const [response, begin] of waiting) {
    if (running.size === MAX_RUNNING) return
    waiting.delete(response)
    running.add(response)
    begin()
  }
}

/** Ends a stream, and refuses the waiting ones, because the client would not read their responses either. */
function endLateResponse ({ stream }: Http2ServerResponse, { socket, waiting }: Session): void {
  // If the stream was closed on an earlier pass already, the client has not read even that.
  if (stream.closed) socket.destroy()
  stream.close(constants.NGHTTP2_CANCEL)
  for (const response of waiting.keys()) response.stream.close(constants.NGHTTP2_REFUSED_STREAM)
}
