import type { AuditEvent, Recorder } from '../audit/audit-log.js'

const MAX_MINUTES = 60
const MAX_EVENTS = 200
/** Stands for requests that named no enabled product. */
const NO_PRODUCT = 'none'

type Counts = Record<string, number>

/** What happened in one minute. */
export interface Minute {
  /** By product; a token for several products counts for each. */
  tokens: Counts
  /** By product; only of requests with credentials. */
  refusals: Counts
  /** The same refusals, by code. */
  codes: Counts
  /** Logins whose password was not cached. */
  logins: { count: number, meanMs: number, slowestMs: number }
}

export type Event = AuditEvent & {
  /** The number of the event, counted since the start. */
  n: number
  /** ISO 8601. */
  time: string
}

/** Keeps the last hour in memory: sums for each minute, and the last events. Its names come from the broker's own tables, so it cannot grow. */
export class History {
  readonly #minutes: Array<{ at: number, minute: Minute }> = []
  readonly #events: Array<{ n: number, time: number, event: AuditEvent }> = []
  readonly #now: () => number
  #count = 0

  /** @param now a monotonic clock, in milliseconds */
  constructor (now = () => performance.now()) {
    this.#now = now
  }

  /** Wraps the audit: events are also kept here once they are written. */
  recordingTo (audit: Recorder): Recorder {
    return {
      record: async event => {
        await audit.record(event)
        this.#keep(event)
      }
    }
  }

  /** Number of events since the start. */
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

  /** Minutes in which something happened; `ago` is 0 for the current one. */
  minutes (): Array<Minute & { ago: number }> {
    const current = this.#current()
    return this.#minutes.filter(({ at }) => at > current - MAX_MINUTES).map(({ at, minute }) => ({ ago: current - at, ...minute }))
  }

  /** The kept events with a higher number than `after`, in order. */
  events (after = 0): Event[] {
    return this.#events
      .filter(({ n }) => n > after)
      .sort((one, other) => one.n - other.n)
      .map(({ n, time, event }) => ({ n, time: new Date(time).toISOString(), ...event }))
  }

  #keep (event: AuditEvent): void {
    const { tokens, refusals, codes } = this.#minute()
    const counts = { 'token.issued': tokens, 'token.refused': refusals, 'session.opened': {}, 'session.ended': {} }[event.event]
    for (const product of event.products?.length ? event.products : [NO_PRODUCT]) add(counts, product)
    if (event.event === 'token.refused') add(codes, event.code)
    this.#events[this.#count++ % MAX_EVENTS] = { n: this.#count, time: Date.now(), event }
  }

  #current (): number {
    return Math.floor(this.#now() / 60_000)
  }

  #minute (): Minute {
    const at = this.#current()
    const place = at % MAX_MINUTES
    if (this.#minutes[place]?.at !== at) {
      this.#minutes[place] = { at, minute: { tokens: {}, refusals: {}, codes: {}, logins: { count: 0, meanMs: 0, slowestMs: 0 } } }
    }
    return this.#minutes[place]!.minute
  }
}

function add (counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
