/* global Twilio, document */

/** Loads an SDK as its documentation says, by a script element; once. */
function load (name) {
  loading[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = `/sdk/${name}.js`
    script.onload = resolve
    script.onerror = () => reject(new Error(`${name} did not load`))
    document.head.append(script)
  })
  return loading[name]
}

const loading = {}

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve))

const refusedBy = ({ code, errorCode, message }) => ({ refused: code ?? errorCode, message })

const state = (client, name, wanted) => new Promise((resolve) => client.on(name, (state) => {
  if (state === wanted) resolve({ reached: state })
}))

/** Sync, Conversations and Chat say alike that they were refused, and that their token ends. */
const overTwilsock = (client, reached) => ({
  outcome: Promise.race([reached, event(client, 'connectionError').then(refusedBy)]),
  aboutToExpire: event(client, 'tokenAboutToExpire'),
  // After tokenExpired it takes 3 s to disconnect, and loses a token that comes in between.
  expired: event(client, 'tokenExpired').then(() => state(client, 'connectionStateChanged', 'disconnected')),
  update: (token) => client.updateToken(token)
})

/** How each SDK takes a token, and how it says what became of it. */
const sdks = {
  voice (token) {
    const device = new Twilio.Device(token)
    const refused = event(device, 'error').then(refusedBy)
    device.register().catch(() => {}) // settles only where the token is taken
    return {
      outcome: Promise.race([event(device, 'registered').then(() => ({ reached: device.state })), refused]),
      aboutToExpire: event(device, 'tokenWillExpire'),
      expired: refused,
      update: (token) => device.updateToken(token)
    }
  },

  video (token, { room }) {
    const connecting = Twilio.Video.connect(token, { name: room, tracks: [], insights: false })
    return { outcome: connecting.then(({ state, name }) => ({ reached: state, room: name }), refusedBy) }
  },

  sync (token) {
    const client = new Twilio.Sync.Client(token)
    return overTwilsock(client, state(client, 'connectionStateChanged', 'connected'))
  },

  conversations (token) {
    const client = new Twilio.Conversations.Client(token)
    const initialized = state(client, 'stateChanged', 'initialized')
    return overTwilsock(client, initialized.then((reached) => ({ ...reached, identity: client.user.identity })))
  },

  chat (token) {
    const client = new Twilio.Chat.Client(token)
    const initialized = state(client, 'stateChanged', 'initialized')
    return overTwilsock(client, initialized.then((reached) => ({ ...reached, identity: client.user.identity })))
  }
}

let sdk

globalThis.application = {
  /** Asks a broker for a token, and reads its answer if the browser lets it. */
  async fetchToken ({ url, name, password, body }) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${btoa(`${name}:${password}`)}`,
        ...(body && { 'Content-Type': 'application/json' })
      },
      ...(body && { body: JSON.stringify(body) })
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(`${response.status} ${answer.code}`)
    return answer
  },

  /** Starts an SDK; answers what it reached, or by which code it says that it was refused. */
  async start ({ name, token, room }) {
    await load(name)
    sdk = sdks[name](token, { room })
    return sdk.outcome
  },

  /** Resolves when the SDK has said so. */
  heard: (what) => sdk[what].then(() => what),

  update: (token) => sdk.update(token)
}
