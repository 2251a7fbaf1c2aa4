import type { WebSocket } from 'ws'
import type { Product, Verdict } from './verify.js'

/** A token that an SDK showed, in which frame of its protocol, and what became of it. */
export interface SeenToken {
  product: Product
  frame: string
  token: unknown
  verdict: Verdict
}

/** An SDK that was let in, for as long as its socket is open. */
export interface Connection {
  product: Product
  identity: string
  /** Makes the SDK say that its token ends soon. A video room does not care. */
  aboutToExpire: () => void
  /** Does what Twilio does when the token ends. A video room does not care. */
  expire: () => void
  /** Cuts the socket without a word, as a lost network does. */
  drop: () => void
}

/** What a wire protocol asks the fake behind it. */
export interface Door {
  /** Verifies a token and records it. */
  judge: (product: Product, frame: string, token: unknown) => Verdict
  /** Records that the SDK is in. */
  enter: (connection: Omit<Connection, 'drop'>) => void
}

/** One wire protocol, spoken on one socket. */
export type Protocol = (socket: WebSocket, door: Door) => void
