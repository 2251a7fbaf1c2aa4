import { codesOf, type OperatorData, type Span } from './operator-data.js'

export interface Tile {
  /** Its explanation has this name, too. */
  id: string
  title: string
  state: 'good' | 'warn' | 'bad'
  /** OK, or what is wrong. */
  word: string
  detail: string
  /** What it means and what to do. */
  help: string
  /** Where the documentation goes on: a file and a heading. */
  docs: [file: string, heading: string]
}

type Kind = Omit<Tile, 'state' | 'word' | 'detail'> & {
  read: (data: OperatorData, span: Span, time: string) => Pick<Tile, 'state' | 'word' | 'detail'>
  /** Whether it has a meaning here. By default it has. */
  applies?: (data: OperatorData) => boolean
}

/** Parts as the tiles call them. */
const titles: Record<string, string> = { store: 'callers', redis: 'Redis', keys: 'provider keys' }

function without (parts: string[]): string {
  return parts.includes('shutdown') ? 'is stopping' : `without ${parts.map(part => titles[part] ?? part).join(', ')}`
}

const kinds: Kind[] = [
  {
    id: 'broker',
    title: 'Broker',
    help: 'Whether this node can issue tokens, as /readyz answers it. A load balancer takes no node that is not ready. What is missing has a tile of its own.',
    docs: ['docs/operations.md', 'What happens when'],
    read: ({ readiness: { missing, degraded } }) => missing.length > 0
      ? { state: 'bad', word: 'Not ready', detail: without(missing) }
      : degraded.length > 0 ? { state: 'warn', word: 'Degraded', detail: without(degraded) } : { state: 'good', word: 'OK', detail: 'can issue tokens' }
  },
  {
    id: 'store',
    title: 'Callers',
    help: 'Whether names and passwords can be checked. While the database or the login endpoint is unavailable, sign-ins get 503, never 401. Look there first, then into the log.',
    docs: ['docs/callers.md', 'Names and passwords'],
    read: ({ gauges }) => gauges.store_up === 1 ? { state: 'good', word: 'OK', detail: 'can sign in' } : { state: 'bad', word: 'Down', detail: 'nobody can sign in' }
  },
  {
    id: 'audit',
    title: 'Audit',
    help: 'No token leaves without its line in the audit. When the log cannot be written, free the disk or mend its path: the broker tries again each second, and refusals that wait for their line are written then.',
    docs: ['docs/operations.md', 'The audit'],
    read: ({ gauges }) => gauges.audit_up === 1
      ? { state: 'good', word: 'OK', detail: 'is written' }
      : { state: 'bad', word: 'Stopped', detail: `no token is issued; ${gauges.audit_owed} ${gauges.audit_owed === 1 ? 'line waits' : 'lines wait'}` }
  },
  {
    id: 'limits',
    title: 'Limits',
    help: 'Where requests, tokens and wrong passwords are counted: on this node, or in a Redis that all nodes share. While Redis is unavailable, REDIS_DOWN decides whether each node counts for itself or requests get 503.',
    docs: ['docs/operations.md', 'Redis'],
    read: ({ gauges, settings, values }) => gauges.limits_shared === 1
      ? { state: 'good', word: 'OK', detail: settings.REDIS_URL === true ? 'shared over Redis' : 'counted on this node' }
      : values.REDIS_DOWN === 'closed' ? { state: 'bad', word: 'Redis down', detail: 'requests get 503' } : { state: 'warn', word: 'Redis down', detail: 'counted on this node' }
  },
  {
    id: 'keys',
    title: 'Provider keys',
    help: 'The keys that bearer tokens are checked with. The last ones serve for 24 hours while the identity provider does not answer; then bearer tokens get 503.',
    docs: ['docs/callers.md', 'Callers without a password: your own identity provider'],
    applies: ({ settings }) => settings.JWT_ISSUER === true,
    read: ({ gauges, readiness: { missing } }) => gauges.keys_up === 1
      ? { state: 'good', word: 'OK', detail: 'up to date' }
      : missing.includes('keys') ? { state: 'bad', word: 'None', detail: 'bearer tokens get 503' } : { state: 'warn', word: 'Not renewed', detail: 'the last ones still serve' }
  },
  {
    id: 'logins',
    title: 'Sign-ins',
    help: 'Passwords that are checked against their hash now, which takes a core for a moment, and those that wait for one. When many wait for long, sign-ins get 503 overloaded: look for a flood of wrong passwords, else add a node.',
    docs: ['docs/operations.md', 'How much one node takes'],
    read: ({ gauges: { hashes_waiting: waiting, hashes_running: running } }) => waiting! > 0
      ? { state: 'warn', word: `${waiting} waiting`, detail: `${running} checked now` }
      : { state: 'good', word: 'OK', detail: 'nobody waits' }
  },
  {
    id: 'guesses',
    title: 'Locked names',
    help: 'Names for which too many passwords were wrong, of those whose sign-in this node refused (login-limited). Somebody guesses, or a program has an old password: the audit below has the addresses. A lock ends within 15 minutes. To unlock a name at once, run on the broker’s machine: npx twilio-token-broker users unlock NAME.',
    docs: ['docs/operations.md', 'A user is locked out'],
    read ({ locked: { names } }, span, time) {
      const [, refused = 0] = codesOf(span).find(([code]) => code === 'login-limited') ?? []
      return { state: names > 0 ? 'warn' : 'good', word: `${names} locked`, detail: `${refused} ${refused === 1 ? 'sign-in' : 'sign-ins'} refused in ${time}` }
    }
  },
  {
    id: 'reloads',
    title: 'Files',
    help: 'Whether the last change of settings, policy, callers and certificate was taken. A file with a mistake changes nothing; the log names the line.',
    docs: ['docs/settings.md', 'Settings'],
    read ({ reloads }) {
      const refused = Object.entries(reloads).flatMap(([what, reload]) => reload?.taken === false ? [what] : [])
      return refused.length > 0 ? { state: 'bad', word: 'Refused', detail: `${refused.join(', ')}: the old ones stay` } : { state: 'good', word: 'OK', detail: Object.keys(reloads).length > 0 ? 'last change taken' : 'no change since the start' }
    }
  }
]

/** The state of the broker, one tile each. @param time the span in words */
export function tilesOf (data: OperatorData, span: Span, time: string): Tile[] {
  return kinds.filter(({ applies = () => true }) => applies(data)).map(({ read, ...kind }) => ({ ...kind, ...read(data, span, time) }))
}
