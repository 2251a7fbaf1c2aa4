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

/** Whatever takes a new token while it runs. */
export type Sdk = VoiceDevice | TwilsockClient

/** How an SDK speaks to a keeper. */
export interface Hooks {
  /** The token ends, or has ended. */
  need: () => void
  /** The object was shut down. */
  over: () => void
}

/** The events that matter, and how to give a token. */
interface Adapter {
  events: Record<string, (argument: unknown) => void>
  give: (token: string) => void
}

/** Listens to an SDK's object until `release`. */
export function adapt (sdk: Sdk, hooks: Hooks) {
  const { events, give } = 'connectionState' in sdk ? twilsock(sdk, hooks) : voice(sdk, hooks)
  const listeners = Object.entries(events)
  for (const [event, listener] of listeners) sdk.on(event, listener)
  return {
    give,
    release () {
      for (const [event, listener] of listeners) sdk.removeListener(event, listener)
    }
  }
}

function voice (device: VoiceDevice, { need, over }: Hooks): Adapter {
  let expired = false

  /** Once its token has ended, the SDK renews its registration no more: it goes on to say `registered`, and no call comes in. */
  const registerAnew = async () => {
    await device.unregister()
    await device.register()
  }

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
      // It rejects where the page did one of the two itself meanwhile.
      if (expired && device.state === 'registered') registerAnew().catch(() => {})
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

  const pass = () => {
    if (waiting === undefined) return false
    // It rejects where the client is not ready yet, though the token is taken; a refusal comes as an event.
    client.updateToken(waiting).catch(() => {})
    waiting = undefined
    expired = false
    return true
  }

  const states: Record<string, () => void> = {
    connected () {
      expired = false
      pass()
    },
    // A reconnect was refused: its token has ended meanwhile, or its key is gone.
    denied: () => { if (!pass()) need() },
    disconnected: () => { if (!expired) over(); else pass() }
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
      connectionStateChanged: (state) => { states[String(state)]?.() }
    },
    give (token) {
      waiting = token
      const state = client.connectionState
      if (state === 'connected' || state === 'denied' || (state === 'disconnected' && expired)) pass()
    }
  }
}

/** Twilio's code for a token that has ended: 20104 everywhere. */
export function isExpiry (error: unknown): boolean {
  return Object(error).code === 20104
}
