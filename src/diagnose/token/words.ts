import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'

const object = (value: unknown): Json => isRecord(value) ? value : {}

/** Formats a value of the token for a sentence. */
type Say = (value: unknown) => string

/** Describes what each of Twilio's grants allows its holder. */
const words: Record<string, (grant: Json, say: Say) => string[]> = {
  video: ({ room }, say) => [room === undefined || room === '' ? 'may enter any video room' : `may enter the video room ${say(room)}`],
  voice: ({ incoming, outgoing }, say) => {
    const { application_sid: app, params } = object(outgoing)
    return [
      object(incoming).allow === true ? 'may take calls' : 'may not take calls',
      isRecord(outgoing) ? `may call through the TwiML app ${say(app)}${params === undefined ? '' : ` with ${say(params)}`}` : 'may not call out'
    ]
  },
  chat: ({ service_sid: sid }, say) => [`may use the Conversations or Chat service ${say(sid)}`],
  data_sync: ({ service_sid: sid }, say) => [`may use the Sync service ${say(sid)}`],
  task_router: ({ workspace_sid: workspace, worker_sid: worker, role }, say) => [`may be ${say(role)} ${say(worker)} in the TaskRouter workspace ${say(workspace)}`],
  player: () => ['may play a live stream']
}

/** Describes the grants of a token, one sentence each. */
export function grantsInWords (grants: Json, say: Say = shown): string[] {
  return Object.entries(grants)
    .filter(([name]) => name !== 'identity')
    .flatMap(([name, grant]) => Object.hasOwn(words, name) ? words[name]!(object(grant), say) : [`holds a grant called ${say(name)}: ${say(grant)}`])
}

/** Formats a duration in seconds like a clock: `59:42`, `23:59:59`. */
export function clock (seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
