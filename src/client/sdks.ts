interface Emitter {
  // Methods instead of properties: so each SDK's own event types are accepted.
  on (event: string, listener: (...args: unknown[]) => void): unknown
  removeListener (event: string, listener: (...args: unknown[]) => void): unknown
}

/** The part of Voice's `Device` that is used here. */
export interface VoiceDevice extends Emitter {
  readonly state: string
  updateToken (token: string): void
  register (): Promise<unknown>
  unregister (): Promise<unknown>
}

/** The part of the `Client` of Sync, Conversations and Chat that is used here. */
export interface TwilsockClient extends Emitter {
  readonly connectionState: string
  updateToken (token: string): Promise<unknown>
}

/** Anything else that can be given tokens. */
export interface Adaptable {
  adapt (hooks: Hooks): TokenUser
}

/** An object that can be given a new token while it runs. */
export type Sdk = VoiceDevice | TwilsockClient | Adaptable

/** What an SDK reports to the keeper of its token. */
export interface Hooks {
  /** The token is about to end, or has ended. */
  need: () => void
  /** The object was shut down. */
  over: () => void
  /** Passes an error on to the page. */
  report: (error: Error) => void
}

/** How a keeper passes tokens to an SDK. */
export interface TokenUser {
  /** Passes on a new token. */
  give: (token: string) => unknown
  /** Whether it accepts a token only after `need`. */
  onlyOnNeed?: boolean
  /** Called when no more tokens will come. */
  release?: () => void
}

/** The events that matter, and how to give a token. */
interface Adapter {
  events: Record<string, (argument: unknown) => void>
  give: (token: string) => void
}

/** Listens to an SDK's object until `release`. */
export function adapt (sdk: Sdk, hooks: Hooks): TokenUser {
  if ('adapt' in sdk) return sdk.adapt(hooks)
  const { events, give } = 'connectionState' in sdk ? twilsock(sdk, hooks) : voice(sdk, hooks)
  for (const event in events) sdk.on(event, events[event]!)
  return {
    give,
    release () {
      for (const event in events) sdk.removeListener(event, events[event]!)
    }
  }
}

function voice (device: VoiceDevice, { need, over }: Hooks): Adapter {
  let expired = false

  return {
    events: {
      // Emitted only once, 10 s before the first token ends: Twilio does not send it for later ones.
      tokenWillExpire: need,
      error (error) {
        if (!isExpiry(error)) return
        expired = true
        need()
      },
      destroyed: over
    },
    give (token) {
      if (device.state === 'destroyed') return over()
      device.updateToken(token)
      // Once its token has ended, the SDK no longer renews its registration: its state stays `registered`, but no calls arrive. Rejects if
      // the page has meanwhile registered or unregistered itself.
      if (expired && device.state === 'registered') device.unregister().then(() => device.register()).catch(() => {})
      expired = false
    }
  }
}

/**
 * The three SDKs on Twilsock accept a token in some states and silently lose it in others: during the handshake (part of `connecting`), and
 * for the 3 s that they need to disconnect after `tokenExpired`. So the token waits for the next state. After a disconnect, a token would
 * make them connect again, which is wanted only after an expiry.
 */
function twilsock (client: TwilsockClient, { need, over }: Hooks): Adapter {
  let expired = false
  let waiting: string | undefined

  /** Passes the waiting token if the state allows it. @returns whether it did */
  const pass = () => {
    const state = client.connectionState
    const taken = waiting !== undefined && (state === 'connected' || state === 'denied' || (state === 'disconnected' && expired))
    if (taken || state === 'connected') expired = false
    if (taken) {
      // It rejects where the client is not ready yet, though the token is taken; a refusal comes as an event.
      client.updateToken(waiting!).catch(() => {})
      waiting = undefined
    }
    return taken
  }

  return {
    events: {
      tokenAboutToExpire: need,
      tokenExpired () {
        // `denied` has already requested a token.
        if (client.connectionState === 'connecting') return
        expired = true
        need()
      },
      connectionStateChanged (state) {
        if (state === 'disconnected' && !expired) over()
        // A reconnect was refused: its token has ended meanwhile, or its key is gone.
        else if (!pass() && state === 'denied') need()
      }
    },
    give (token) {
      waiting = token
      pass()
    }
  }
}

/** Twilio's code for a token that has ended: 20104 everywhere. */
export function isExpiry (error: unknown): boolean {
  return Object(error).code === 20104
}
