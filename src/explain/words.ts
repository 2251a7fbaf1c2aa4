import { isObject, shown, type Json } from './json.js'

const object = (value: unknown): Json => isObject(value) ? value : {}

/** What each of Twilio's grants lets its holder do. */
const words: Record<string, (grant: Json) => string[]> = {
  video: ({ room }) => [room === undefined || room === '' ? 'may enter any video room' : `may enter the video room ${shown(room)}`],
  voice: ({ incoming, outgoing }) => {
    const { application_sid: app, params } = object(outgoing)
    return [
      object(incoming).allow === true ? 'may take calls' : 'may not take calls',
      isObject(outgoing) ? `may call through the TwiML app ${shown(app)}${params === undefined ? '' : ` with ${shown(params)}`}` : 'may not call out'
    ]
  },
  chat: ({ service_sid: sid }) => [`may use the Conversations or Chat service ${shown(sid)}`],
  data_sync: ({ service_sid: sid }) => [`may use the Sync service ${shown(sid)}`],
  task_router: ({ workspace_sid: workspace, worker_sid: worker, role }) => [`may be ${shown(role)} ${shown(worker)} in the TaskRouter workspace ${shown(workspace)}`],
  player: () => ['may play a live stream']
}

/** The grants of a token, one sentence each. */
export function grantsInWords (grants: Json): string[] {
  return Object.entries(grants)
    .filter(([name]) => name !== 'identity')
    .flatMap(([name, grant]) => Object.hasOwn(words, name) ? words[name]!(object(grant)) : [`holds a grant called ${shown(name)}: ${shown(grant)}`])
}

/** Seconds as a clock shows them: `59:42`, `23:59:59`. */
export function clock (seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
