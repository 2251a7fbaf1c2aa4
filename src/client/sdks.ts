interface Emitter {
  // Methods, not properties: each SDK declares its own events, and is taken as it is.
  on (event: string, listener: (...args: unknown[]) => void): unknown
  removeListener (event: string, listener: (...args: unknown[]) => void): unknown
}

/** Voice's `Device`, as far as it is used here. */
export interface VoiceDevice extends Emitter {
  readonly state: string
  updateToken (token: string): void
  register (): Promise<unknown>
  unregister (): Promise<unknown>
}

/** The `Client` of Sync, of Conversations and of Chat, as far as it is used here. */
export interface TwilsockClient extends Emitter {
  readonly connectionState: string
  updateToken (token: string): Promise<unknown>
}

/** Anything else that takes tokens. */
export interface Adaptable {
  adapt (hooks: Hooks): TokenUser
}

/** Whatever takes a new token while it runs. */
export type Sdk = VoiceDevice | TwilsockClient | Adaptable

/** How an SDK speaks to a keeper. */
export interface Hooks {
  /** The token ends, or has ended. */
  need: () => void
  /** The object was shut down. */
  over: () => void
  /** Passes an error on to the page. */
  report: (error: Error) => void
}

/** How a keeper speaks to an SDK. */
export interface TokenUser {
  /** Takes a new token to where it is used. */
  give: (token: string) => unknown
  /** Whether it takes a token only where it has said that it needs one. */
  onlyOnNeed?: boolean
  /** No token comes any more. */
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
      // Once, 10 s before the end of the first token: Twilio does not answer the later ones.
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
      // Once its token has ended, the SDK renews its registration no more: it goes on to say `registered`, and no call comes in.
      // It rejects where the page did one of the two itself meanwhile.
      if (expired && device.state === 'registered') device.unregister().then(() => device.register()).catch(() => {})
      expired = false
    }
  }
}

/**
 * The three that speak Twilsock take a token in some states and lose it in others without a word: while they shake hands
 * (part of `connecting`), and for the 3 s that they need to disconnect after `tokenExpired`. It waits for the state that follows.
 * Once they have disconnected, a token would make them connect again, and that is wanted after an expiry alone.
 */
function twilsock (client: TwilsockClient, { need, over }: Hooks): Adapter {
  let expired = false
  let waiting: string | undefined

  /** Whether the client has taken a token now. */
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
        // What `denied` has already answered is on its way.
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
