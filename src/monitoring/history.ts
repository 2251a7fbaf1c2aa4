import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { AuditEvent, Recorder } from '../audit/audit-log.js'
import { version } from '../lib/version.js'
import type { Node, OperatorData, Slot } from './operator-data.js'
import { Slots } from './slots.js'

const MINUTE_MS = 60_000
const MAX_MINUTES = 60
const MAX_QUARTERS = 24 * 4
const MAX_EVENTS = 200
/** Stands for requests that named no enabled product. */
const NO_PRODUCT = 'none'

type Event = AuditEvent & {
  /** The number of the event, counted since the start. */
  n: number
  /** ISO 8601. */
  time: string
}

/** The monotonic clock, but counted from 1970, so that its minutes begin together with those of wall clocks. */
const evenClock = () => performance.timeOrigin + performance.now()

/**
 * Keeps the data of the operators' page in memory: sums for each minute of the last hour and for each quarter of an hour of the last day,
 * and the last events. The names in it are taken from the broker's own tables, so its size is bounded.
 */
export class History {
  readonly #minutes: Slots
  readonly #quarters: Slots
  readonly #events: Array<{ n: number, time: number, event: AuditEvent }> = []
  readonly #products = new Set<string>()
  readonly #now: () => number
  readonly #node = { id: randomUUID(), host: hostname(), pid: process.pid, version: version() }
  #start: number | undefined
  #lastEvent = 0

  /** @param now a monotonic clock, in milliseconds */
  constructor (now = evenClock) {
    this.#now = now
    this.#minutes = new Slots(MINUTE_MS, MAX_MINUTES, now)
    this.#quarters = new Slots(15 * MINUTE_MS, MAX_QUARTERS, now)
  }

  /**
   * Wraps the audit: tokens and refusals are counted here when they are answered, and events are listed once their lines are written.
   * So a refusal counts while the audit cannot be written, too. Then `audit-unavailable` is what the caller is answered.
   * @param products that are enabled now. The order of products never changes, even if a reload removes some, because it decides their
   * colours
   */
  recordingTo (audit: Recorder, products: readonly string[] = []): Recorder {
    this.#start ??= this.#now()
    for (const name of products) this.#products.add(name)
    return {
      record: async event => {
        const time = Date.now()
        try {
          await audit.record(event, late => this.#list(late, time))
        } catch (error) {
          // A token that was not sent comes again, as a refusal.
          if (event.event === 'token.refused') this.#count({ ...event, code: 'audit-unavailable' })
          throw error
        }
        this.#count(event)
        this.#list(event, time)
      }
    }
  }

  login (seconds: number): void {
    const ms = seconds * 1000
    for (const { logins } of this.#current()) {
      logins.count++
      logins.meanMs += (ms - logins.meanMs) / logins.count
      logins.slowestMs = Math.max(logins.slowestMs, ms)
    }
  }

  /**
   * The part of the operators' data that is kept here.
   * @param at the time now
   * @param after the number of the last event that is known; only newer ones are listed
   */
  data (at: Date, after = 0): Pick<OperatorData, 'node' | 'minutes' | 'quarters' | 'elapsed' | 'products' | 'lastEvent' | 'events'> {
    return {
      node: this.#nodeAt(at),
      minutes: this.#minutes.list(),
      quarters: this.#quarters.list(),
      elapsed: { minute: this.#minutes.elapsed, quarter: this.#quarters.elapsed },
      products: [...this.#products],
      lastEvent: this.#lastEvent,
      events: this.#newer(after)
    }
  }

  /** Uses the clock of `at`, which may have been set since the start. */
  #nodeAt (at: Date): Node {
    const ageMs = this.#now() - (this.#start ?? this.#now())
    return { ...this.#node, since: new Date(at.getTime() - ageMs).toISOString() }
  }

  #newer (after: number): Event[] {
    return this.#events
      .filter(({ n }) => n > after)
      .sort((one, other) => one.n - other.n)
      .map(({ n, time, event }) => ({ n, time: new Date(time).toISOString(), ...event }))
  }

  #count (event: AuditEvent): void {
    for (const slot of this.#current()) count(slot, event)
  }

  /** @param time when it happened, in milliseconds; its line may be written later */
  #list (event: AuditEvent, time: number): void {
    this.#events[this.#lastEvent++ % MAX_EVENTS] = { n: this.#lastEvent, time, event }
  }

  #current (): Slot[] {
    return [this.#minutes.current, this.#quarters.current]
  }
}

function count ({ tokens, refusals, codes }: Slot, event: AuditEvent): void {
  const counts = { 'token.issued': tokens, 'token.refused': refusals, 'session.opened': {}, 'session.ended': {} }[event.event]
  for (const product of event.products?.length ? event.products : [NO_PRODUCT]) add(counts, product)
  if (event.event === 'token.refused') add(codes, event.code)
}

function add (counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
