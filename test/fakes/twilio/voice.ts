import type { Protocol } from './protocol.js'

/** The same faults have numbers of their own in Voice; all others are 31204. */
const codes: Record<number, number> = { 20104: 31205, 20107: 31202, 20157: 31207 }

/** The SDK takes 15 s of silence for a dead socket. */
const heartbeat = 5_000

/**
 * Voice: JSON frames `{ type, payload }`.
 * `listen` shows a token, `register` asks to be called; a client may register only after its token was taken, and is called no
 * more once that has ended.
 */
export const voice: Protocol = (socket, { judge, enter }) => {
  const send = (type: string, payload: object = {}) => socket.send(JSON.stringify({ type, payload }))
  const refuse = (code: number, message: string) => send('error', { error: { code, message } })
  let known = false
  let listening = false
  let registered = false
  /** Called when a sign of life is answered, or none will be. */
  let beaten = () => {}

  const frames: Record<string, (payload: { token?: unknown, media?: { audio?: boolean } }) => void> = {
    listen ({ token }) {
      const verdict = judge('voice', 'listen', token)
      if (!verdict.accepted) return refuse(codes[verdict.code] ?? 31204, verdict.reason)
      listening = true
      // Twilio answers the first `listen` alone, which is why the SDK says tokenWillExpire only once.
      if (known) return
      known = true
      const { identity, ttl } = verdict
      const connected = (ttl: number) => send('connected', { region: 'US_VIRGINIA', edge: 'ashburn', token: { identity, ttl } })
      enter({
        product: 'voice',
        identity,
        warning: 0,
        reachable: () => registered,
        // Twilio has no frame for it: the SDK counts down from the ttl that it was told, to 10 s before the end.
        aboutToExpire: () => connected(10),
        expire () {
          listening = registered = false
          refuse(31205, 'the token has expired')
        },
        beat: () => new Promise((resolve) => {
          beaten = resolve
          socket.send('\n')
        })
      })
      connected(ttl)
    },
    register ({ media }) {
      if (!listening) return refuse(31204, 'register came before a token')
      registered = media?.audio === true
      send(registered ? 'ready' : 'offline')
    }
  }

  const beat = setInterval(() => socket.send('\n'), heartbeat)
  socket.on('close', () => {
    clearInterval(beat)
    beaten()
  })
  socket.on('message', (data) => {
    const text = String(data)
    if (text === '\n') return beaten()
    const { type, payload } = JSON.parse(text)
    frames[type]?.(payload)
  })
}
