import { randomUUID } from 'node:crypto'
import type { Protocol } from './protocol.js'

interface Body {
  type: string
  token?: unknown
  name?: string
}

/** Video has one code for all that is wrong with the expiry. */
const codes: Record<number, number> = { 20157: 20104 }

/** Milliseconds between heartbeats; the SDK gives up after three that stay away. */
const heartbeat = 5_000

/**
 * Video: JSON frames `{ type }`; `hello` opens the connection, `msg` carries everything else in its `body`.
 * The token comes with `ice`, which asks for ICE servers, with `connect`, which asks for the room,
 * and with `sync` when a lost connection is made again: the first token, as the SDK takes no other.
 */
export const video: Protocol = (socket, { judge, enter }) => {
  const send = (type: string, rest: object = {}) => socket.send(JSON.stringify({ type, ...rest }))
  const say = (body: object) => send('msg', { body })
  const refuse = (code: number, message: string) => say({ type: 'error', code, message })

  const admit = (frame: string, answer: string) => ({ token, name }: Body) => {
    const verdict = judge('video', frame, token)
    if (!verdict.accepted) return refuse(codes[verdict.code] ?? verdict.code, verdict.reason)
    const { identity, grant } = verdict
    const room = grant.room ?? name
    if (name && room !== name) return refuse(20106, 'the grant is for another room')
    enter({ product: 'video', identity, warning: 0, aboutToExpire () {}, expire () {} })
    say({
      type: answer,
      version: 2,
      session: randomUUID(),
      sid: sid('RM'),
      name: room,
      participant: { sid: sid('PA'), identity },
      participants: [],
      options: { session_timeout: 30, media_region: 'us1', signaling_region: 'us1' }
    })
  }

  const bodies: Record<string, (body: Body) => void> = {
    ice ({ token }) {
      const verdict = judge('video', 'ice', token)
      if (!verdict.accepted) return refuse(codes[verdict.code] ?? verdict.code, verdict.reason)
      say({ type: 'iced', version: 1, ice_servers: [] })
    },
    connect: admit('connect', 'connected'),
    sync: admit('sync', 'synced'),
    disconnect: () => say({ type: 'disconnected' })
  }

  const frames: Record<string, (frame: { body?: Body }) => void> = {
    hello ({ body }) {
      send('welcome', { negotiatedTimeout: heartbeat })
      if (body) bodies[body.type]?.(body)
    },
    heartbeat: () => send('heartbeat'),
    msg ({ body }) {
      if (body) bodies[body.type]?.(body)
    }
  }

  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    frames[frame.type]?.(frame)
  })
}

function sid (prefix: string) {
  return prefix + randomUUID().replaceAll('-', '')
}
