/** What may be asked for of Voice. */
export interface VoiceRequest {
  /** Whether calls may come in. By default they may, as far as the policy allows it. */
  incoming?: boolean
  /** Whether calls may go out. By default they may, as far as the policy allows it and the broker has a TwiML app. */
  outgoing?: boolean
  /** Passed to the TwiML app. The page chooses them, so the app must not take rights from them. */
  params?: Record<string, string>
  /** Whose push credential goes into the token. */
  push?: Platform
}

/** What may be asked for of Video. */
export interface VideoRequest {
  /** The room's name, or its SID (RM…). */
  room?: string
}

/** What may be asked for of Sync: nothing of its own. */
export interface SyncRequest {}

/** What may be asked for of Conversations. */
export interface ConversationsRequest {
  /** Whose push credential goes into the token. */
  push?: Platform
}

/** What may be asked for of Chat. */
export interface ChatRequest {
  /** Whose push credential goes into the token. */
  push?: Platform
}

export type Platform = 'ios' | 'android' | 'web'

/**
 * The products, with the properties of a request for each. If your broker has other products, too, declare them:
 *
 * @example
 * declare module 'twilio-token-broker/client' {
 *   interface Products { taskrouter: { worker: string } }
 * }
 */
export interface Products {
  voice: VoiceRequest
  video: VideoRequest
  sync: SyncRequest
  conversations: ConversationsRequest
  chat: ChatRequest
}

export type Product = keyof Products

/** What may be asked for of every token. */
export interface CommonRequest {
  /** Seconds, 180 to 86400. */
  ttl?: number
  /** A name that the policy lets this caller put into the token. */
  identity?: string
}

/** A request for a token of one product. */
export type TokenRequest<Name extends Product = Product> = CommonRequest & Products[Name]

/** Several products in one token, each with what is asked for of it. */
export type ProductRequests = { [Name in Product]?: Products[Name] & { ttl?: never, identity?: never } }

/** How a call waits for its token. */
export interface TokenOptions {
  /** Fetches a new token, even if the last one is still valid. */
  force?: boolean
  /** Rejects with the signal's reason once it is aborted. A request that others wait for too goes on. */
  signal?: AbortSignal | undefined
}

/** A token, and what the broker says of it. */
export interface TokenDetails {
  token: string
  /** The name inside the token. */
  identity: string
  /** Seconds that the token has left. */
  expiresIn: number
  /** When the token ends, by the broker's clock: ISO 8601. */
  expiresAt: string
  /** The products that the token is for. */
  products: string[]
}
