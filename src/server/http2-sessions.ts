import { constants, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Backlog } from './backlog.js'
import { Deadlines } from './deadlines.js'

export interface Http2Limits {
  /** Milliseconds that a session may have no request, that a request may take to arrive, and its response to be read. */
  patience: number
  /** Milliseconds that a session which is to end waits for what is in work. */
  ending: number
  /** Requests, after which a session ends. */
  maxRequests: number
  backlog: Backlog
}

/** What a client may set up in one session: as in HTTP/1.1, 16 KiB of headers, and no more of a body at once. */
export const settings = { maxConcurrentStreams: 100, maxHeaderListSize: 16 * 1024, initialWindowSize: 16 * 1024 }

/** Requests of one session in work at once, as on a connection of HTTP/1.1. Others wait, as clients may send 100 before they have read the settings. */
const MAX_IN_WORK = 32

/** While so many sessions are open, a new one may have fewer streams. nghttp2 refuses those beyond at next to no cost. */
const MANY_SESSIONS = 16
const STREAMS_AMONG_MANY = 8

interface Session {
  /** Destroyed in place of the session, which would wait until the client has read everything that was sent. */
  socket: TLSSocket
  inWork: Set<Http2ServerResponse>
  /** The requests that have not begun, each with the function that begins it. */
  waiting: Map<Http2ServerResponse, () => void>
  /** Replaced whenever a request ends: the session has had none for as long as this object exists. */
  idle: object
}

/** All sessions of HTTP/2. Node bounds nothing of them by itself. */
export class Http2Sessions {
  readonly #limits: Http2Limits
  readonly #deadlines: Deadlines
  readonly #open = new Map<ServerHttp2Session, Session>()
  readonly #onSessionEnd: () => void

  /** @param onSessionEnd called whenever a session has ended */
  constructor (server: Http2SecureServer, limits: Http2Limits, onSessionEnd: () => void) {
    this.#limits = limits
    this.#deadlines = new Deadlines(limits.patience)
    this.#onSessionEnd = onSessionEnd
    let socket: TLSSocket
    // Node's own listener, which comes next, makes a session of it.
    server.prependListener('secureConnection', (secured: TLSSocket) => { socket = secured })
    server.on('session', session => this.#add(session, socket))
  }

  get size (): number {
    return this.#open.size
  }

  /** Begins a request once fewer than 32 others of its session are in work. When the backlog is full, it refuses it so that the client may send it again (RFC 9113 §8.7). */
  admit ({ stream }: Http2ServerRequest, response: Http2ServerResponse, begin: () => void): void {
    const { backlog, patience } = this.#limits
    const session = this.#open.get(stream.session as ServerHttp2Session)!
    const isFirst = session.inWork.size === 0
    if (!isFirst && backlog.requestsLeft === 0) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return
    }
    if (!isFirst) backlog.requests += 1
    // Node's `requestTimeout` is for HTTP/1.1 alone.
    const lateBody = stream.endAfterHeaders ? undefined : setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), patience)
    stream.once('end', () => clearTimeout(lateBody))
    response.once('close', () => {
      clearTimeout(lateBody)
      if (!isFirst) backlog.requests -= 1
      session.waiting.delete(response)
      session.inWork.delete(response)
      session.idle = {}
      beginWaiting(session)
    })
    session.waiting.set(response, begin)
    beginWaiting(session)
  }

  /** Ends responses that are not read in time, and sessions without a request, whatever frames their clients send. To be called every second. */
  endLate (): void {
    for (const [session, state] of this.#open) {
      for (const response of state.inWork) if (response.headersSent && this.#deadlines.passed(response)) endLateResponse(response, state)
      if (state.inWork.size === 0 && this.#deadlines.passed(state.idle)) this.#end(session)
    }
  }

  /** Tells every client to send no more (GOAWAY), and ends each session once its requests are answered. */
  endAll (): void {
    for (const session of this.#open.keys()) this.#end(session)
  }

  #add (session: ServerHttp2Session, socket: TLSSocket): void {
    let requests = 0
    if (this.#open.size >= MANY_SESSIONS) session.settings({ maxConcurrentStreams: STREAMS_AMONG_MANY })
    this.#open.set(session, { socket, inWork: new Set(), waiting: new Map(), idle: {} })
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
    const late = setTimeout(() => socket.destroy(), this.#limits.ending)
    session.once('close', () => clearTimeout(late))
  }
}

function beginWaiting ({ inWork, waiting }: Session): void {
  for (const [response, begin] of waiting) {
    if (inWork.size === MAX_IN_WORK) return
    waiting.delete(response)
    inWork.add(response)
    begin()
  }
}

/** Ends a stream, and refuses those that wait: nobody would read their responses either. */
function endLateResponse ({ stream }: Http2ServerResponse, { socket, waiting }: Session): void {
  // This is the second time: the client has not even read the end of the stream.
  if (stream.closed) socket.destroy()
  stream.close(constants.NGHTTP2_CANCEL)
  for (const response of waiting.keys()) response.stream.close(constants.NGHTTP2_REFUSED_STREAM)
}
