import type { TokenBroker } from './broker.js'
import { isExpiry, type Hooks } from './sdks.js'
import type { CommonRequest, VideoRequest } from './products.js'

/** The part of a room that is used here. */
export interface VideoRoom {
  on (event: 'disconnected', listener: (room: unknown, error: unknown) => void): unknown
  disconnect (): unknown
}

/** The part of `Twilio.Video` that is used here. */
export interface VideoSdk<Options, Room extends VideoRoom> {
  connect (token: string, options?: Options): PromiseLike<Room>
}

/** The request for the token, and options for the room. */
export interface RoomOptions<Room> extends CommonRequest, VideoRequest {
  /** Called with the room, and with each room that replaces it after its token has ended. Without this, an ended room is not replaced. */
  onRoom?: (room: Room) => void
  /** Once aborted, no further room is entered, and a pending connection is closed. Rooms entered before stay open. */
  signal?: AbortSignal
}

/** Twilio's codes for a failed or lost connection, which is usual just after a machine wakes up. */
const CONNECTION_ERRORS = [53000, 53001, 53002]

/**
 * Enters a video room. After a lost connection the SDK uses the first token again. If that has ended, the room ends; with `onRoom`, the
 * room is then entered again with a new token.
 * @throws {BrokerError} as `token`
 * @throws what `Video.connect` rejects with, or the reason of `signal`
 */
export async function connect<Options extends { name?: string | null }, Room extends VideoRoom> (
  broker: TokenBroker,
  video: VideoSdk<Options, Room>,
  options: NoInfer<Options>,
  { onRoom, signal, ...request }: RoomOptions<Room> = {}
): Promise<Room> {
  signal?.throwIfAborted()
  const asked = { ...(typeof options.name === 'string' && { room: options.name }), ...request }
  const join = async (token: string) => {
    signal?.throwIfAborted()
    const room = await video.connect(token, options)
    if (signal?.aborted) room.disconnect()
    signal?.throwIfAborted()
    return room
  }
  const first = await join(await broker.token('video', { ...asked, signal })).catch(async error => {
    if (!isExpiry(error)) throw error
    return join(await broker.token('video', { ...asked, signal, force: true }))
  })
  if (onRoom === undefined) return first
  let keeper!: Hooks
  const entered = (room: Room) => {
    room.on('disconnected', (_room, error) => isExpiry(error) ? keeper.need() : keeper.over())
    onRoom(room)
  }
  const failed = (error: Error & { code?: number }) => {
    if (isExpiry(error) || CONNECTION_ERRORS.includes(error.code!)) return keeper.need()
    keeper.over()
    if (!signal?.aborted) keeper.report(error)
  }
  broker.keep({
    adapt (hooks) {
      keeper = hooks
      return { onlyOnNeed: true, give: token => join(token).then(entered, failed) }
    }
  }, 'video', asked)
  signal?.addEventListener('abort', keeper.over)
  entered(first)
  return first
}
