import type { Keeper } from './keeper.js'
import { isExpiry } from './sdks.js'
import type { TokenRequest } from './token-request.js'

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
export interface RoomOptions<Room> extends TokenRequest {
  /** Called with the room, and with each that takes its place because the token of the last had ended. Without it, none does. */
  onRoom?: (room: Room) => void
  /** Once it is aborted, no room is entered any more; one whose connection was being made is left. Rooms entered before stay. */
  signal?: AbortSignal
}

interface Reentry<Room> {
  room: Room
  join: (token: string) => Promise<Room>
  keep: (give: (token: string) => void) => Keeper
  onRoom: (room: Room) => void
  onError: (error: Error) => void
  signal: AbortSignal | undefined
}

/** Twilio's codes for a connection that was not made or got lost, as it is when a machine has just woken. */
const unconnected = [53000, 53001, 53002]

/** Enters a room anew whenever it ends because its token had: an SDK that lost its connection shows the first token again. */
export function reenter<Room extends VideoRoom> ({ room, join, keep, onRoom, onError, signal }: Reentry<Room>): void {
  const entered = (room: Room) => {
    room.on('disconnected', (_room, error) => isExpiry(error) ? keeper.need() : keeper.stop())
    onRoom(room)
  }
  const keeper = keep(token => join(token).then(entered, error => {
    if (isExpiry(error) || unconnected.includes(error.code)) return keeper.need()
    keeper.stop()
    if (!signal?.aborted) onError(error)
  }))
  signal?.addEventListener('abort', () => keeper.stop())
  entered(room)
}
