import type { TokenBroker } from './broker.js'
import { isExpiry, type Hooks } from './sdks.js'
import type { CommonRequest, VideoRequest } from './products.js'

/** A room, as far as it is used here. */
export interface VideoRoom {
  on (event: 'disconnected', listener: (room: unknown, error: unknown) => void): unknown
  disconnect (): unknown
}

/** `Twilio.Video`, as far as it is used here. */
export interface VideoSdk<Options, Room extends VideoRoom> {
  connect (token: string, options?: Options): PromiseLike<Room>
}

/** What is asked for in the token, and what becomes of the room. */
export interface RoomOptions<Room> extends CommonRequest, VideoRequest {
  /** Called with the room, and with each that takes its place because the token of the last had ended. Without it, none does. */
  onRoom?: (room: Room) => void
  /** Once it is aborted, no room is entered any more; one whose connection was being made is left. Rooms entered before stay. */
  signal?: AbortSignal
}

/** Twilio's codes for a connection that was not made or got lost, as it is when a machine has just woken. */
const unconnected = [53000, 53001, 53002]

/**
 * Enters a video room. Its token is of no use until the connection is lost, and then it must still live: an SDK that lost its
 * connection shows the first token again. Where that has ended, the room ends, and with `onRoom` it is entered anew with a new token.
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
    if (isExpiry(error) || unconnected.includes(error.code!)) return keeper.need()
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
