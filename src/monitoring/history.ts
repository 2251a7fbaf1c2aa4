import type { AuditEvent, Recorder } from '../audit/audit-log.js'

/** Minutes. */
const kept = 60
/** Events of the audit. */
const lastEvents = 200
/** Requests that named no product there is. */
const noProduct = 'none'

type Counts = Record<string, number>

/** What happened in one minute. */
export interface Minute {
  /** By product; one token for several counts for each. */
  tokens: Counts
  /** By product, of requests that brought credentials. */
  refusals: Counts
  /** The same refusals, by code. */
  codes: Counts
  /** Those that were not remembered. */
  logins: { count: number, meanMs: number, slowestMs: number }
}

export type Event = AuditEvent & {
  /** Counts all events since the start. */
  n: number
  /** ISO 8601. */
  time: string
}

/** The last hour, in memory: sums for each minute and the last events. Names in it are of the broker's own tables, so it cannot grow. */
export class History {
  readonly #minutes: Array<{ at: number, minute: Minute }> = []
  readonly #events: Array<{ n: number, time: number, event: AuditEvent }> = []
  readonly #now: () => number
  #count = 0

  /** @param now a clock that never steps, in milliseconds */
  constructor (now = () => performance.now()) {
    this.#now = now
  }

  /** The same audit, whose lines are kept here once they are written. */
  listeningTo (audit: Recorder): Recorder {
    return {
      record: async event => {
        await audit.record(event)
        this.#keep(event)
      }
    }
  }

  /** Events since the start. */
  get count (): number {
    return this.#count
  }

  login (seconds: number): void {
    const { logins } = this.#minute()
    const ms = seconds * 1000
    logins.count++
    logins.meanMs += (ms - logins.meanMs) / logins.count
    logins.slowestMs = Math.max(logins.slowestMs, ms)
  }

  /** Minutes in which something happened, the current one having `ago` 0. */
  minutes (): Array<Minute & { ago: number }> {
    const current = this.#current()
    return this.#minutes.filter(({ at }) => at > current - kept).map(({ at, minute }) => ({ ago: current - at, ...minute }))
  }

  /** Those of the last events that came after the one with this number. */
  events (after = 0): Event[] {
    return this.#events
      .filter(({ n }) => n > after)
      .sort((one, other) => one.n - other.n)
      .map(({ n, time, event }) => ({ n, time: new Date(time).toISOString(), ...event }))
  }

  #keep (event: AuditEvent): void {
    const { tokens, refusals, codes } = this.#minute()
    const counts = { 'token.issued': tokens, 'token.refused': refusals, 'session.opened': {}, 'session.ended': {} }[event.event]
    for (const product of event.products?.length ? event.products : [noProduct]) add(counts, product)
    if (event.event === 'token.refused') add(codes, event.code)
    this.#events[this.#count++ % lastEvents] = { n: this.#count, time: Date.now(), event }
  }

  #current (): number {
    return Math.floor(this.#now() / 60_000)
  }

  #minute (): Minute {
    const at = this.#current()
    const place = at % kept
    if (this.#minutes[place]?.at !== at) {
      this.#minutes[place] = { at, minute: { tokens: {}, refusals: {}, codes: {}, logins: { count: 0, meanMs: 0, slowestMs: 0 } } }
    }
    return this.#minutes[place]!.minute
  }
}

function add (counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
