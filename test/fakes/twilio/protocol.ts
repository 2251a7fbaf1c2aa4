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
  /** Milliseconds before the end of a token at which Twilio says so by itself; 0 where it does not. */
  warning: number
  /** Whether calls come through; only Voice has to register for that. */
  reachable?: () => boolean
  /** Makes the SDK say that its token ends soon. A video room does not care. */
  aboutToExpire: () => void
  /** Does what Twilio does when the token ends. A video room does not care. */
  expire: () => void
  /** Shows the SDK that its socket lives, where Twilio does; resolves when the SDK has answered. */
  beat?: () => Promise<void>
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
