import { constants, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'

export interface SessionLimits {
  /** Milliseconds that a session may be silent, and that a request may take to arrive. */
  patience: number
  /** Milliseconds that a session which is to end waits for what is under way. */
  ending: number
  /** Requests in the life of a session. */
  most: number
}

/** What a client may set up in one session: as HTTP/1.1 does it, 16 KiB of headers, and no more of a body at once. */
export const settings = { maxConcurrentStreams: 100, maxHeaderListSize: 16 * 1024, initialWindowSize: 16 * 1024 }

/** The sessions of HTTP/2, which Node bounds by nothing. */
export class Sessions {
  readonly #limits: SessionLimits
  readonly #open = new Set<ServerHttp2Session>()
  readonly #onClose: () => void

  /** @param onClose called whenever one has ended */
  constructor (server: Http2SecureServer, limits: SessionLimits, onClose: () => void) {
    this.#limits = limits
    this.#onClose = onClose
    server.on('session', session => this.#admit(session))
  }

  get size (): number {
    return this.#open.size
  }

  /** Tells every client to send no more (GOAWAY), and ends each session once what is under way in it is answered. */
  end (): void {
    for (const session of this.#open) this.#end(session)
  }

  #admit (session: ServerHttp2Session): void {
    const { patience, most } = this.#limits
    let requests = 0
    this.#open.add(session)
    session.once('close', () => {
      this.#open.delete(session)
      this.#onClose()
    })
    session.on('stream', () => { if (++requests === most) this.#end(session) })
    session.setTimeout(patience, () => this.#end(session))
  }

  #end (session: ServerHttp2Session): void {
    session.close()
    // A client that takes no answer keeps its stream open, and with it the session.
    const late = setTimeout(() => session.destroy(), this.#limits.ending)
    session.once('close', () => clearTimeout(late))
  }
}

/** Ends a request whose body does not arrive in time; Node's `requestTimeout` is for HTTP/1.1 alone. */
export function hurry ({ stream }: Http2ServerRequest, response: Http2ServerResponse, patience: number): void {
  if (stream.endAfterHeaders) return
  const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), patience)
  const arrived = () => clearTimeout(late)
  stream.once('end', arrived)
  response.once('close', arrived)
}
