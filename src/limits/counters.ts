import type { KnownAddresses } from './memory/known-addresses.js'

/** The state of a counter. */
export interface Count {
  /** Hits in this window, reservations included. Never above `max`, because a hit beyond it is refused and not counted. */
  readonly used: number
  /** How many of `used` are reservations that were neither committed nor released yet. */
  readonly held: number
  readonly max: number
  /** Milliseconds until the window ends; 0 where nothing is counted. */
  readonly resetMs: number
  /** Whether this hit was refused. */
  readonly exceeded: boolean
}

/** A hit whose outcome is open. Call one function, once. Both do nothing for a refused hit, and after the window has ended. */
export interface Reservation extends Count {
  /** Makes the hit count for good. */
  commit (): void
  /** Takes the hit back. */
  release (): void
}

/**
 * Counts hits per key in fixed windows: a key's first hit starts its window.
 * Counters in memory return values; counters that nodes share return promises, which reject with Problem `limiter-unavailable`
 * while Redis is unavailable and `REDIS_DOWN` is `closed`.
 * @example
 * const { exceeded, resetMs } = await counters.consume('192.0.2.1', 120)
 */
export interface Counters {
  /** Milliseconds that a window lasts. */
  readonly windowMs: number
  /** Counts a hit, unless the key already has `max`. */
  consume (key: string, max: number): Count | Promise<Count>
  /** Counts a hit that can be taken back. However many calls run in parallel, at most `max` get a place. */
  reserve (key: string, max: number): Reservation | Promise<Reservation>
  /** Counts nothing. `exceeded` says whether a hit would be refused; shared counters answer with what this node knows. */
  read (key: string, max: number): Count
  /** Whether a hit would be refused; counts nothing. Only counters in memory have this. */
  isFull? (key: string, max: number): boolean
  /** Clears committed hits of a key, at most `max` in one window. Open reservations stay. */
  clear (key: string, max: number): void
}

/** A hit that a request is about to count. */
export interface PlannedHit<C extends Counters = Counters> {
  counters: C
  key: string
  max: number
  /** 1 for `reserve`, 0 for `consume`. */
  hold: 0 | 1
}

/**
 * Texts that all nodes share for a time. While Redis is unavailable, nothing is shared and each node uses its own memory.
 * All methods throw Problem `limiter-unavailable` where the broker must not work without Redis (`REDIS_DOWN=closed`).
 */
export interface Marks {
  /**
   * Marks a text.
   * @param name of the use: letters and hyphens
   * @param ms milliseconds until it is forgotten
   */
  set (name: string, text: string, ms: number): Promise<void>
  has (name: string, text: string): Promise<boolean>
  /**
   * Marks a text and counts a hit atomically. Does neither if the text is marked already, and does not mark it if the hit is refused.
   * @param hit one that is consumed from its counters right after this
   * @returns false if it was marked already
   */
  setOnce (name: string, text: string, ms: number, hit?: PlannedHit): Promise<boolean>
}

/** A text that all nodes share. */
export interface SharedText {
  /** @returns an empty text if there is none; undefined if Redis does not answer */
  read (): Promise<string | undefined>
  /**
   * Replaces the text, if it still is `before`.
   * @param ms milliseconds until the text is forgotten
   * @returns false if the text has changed; undefined if Redis does not answer
   */
  replace (before: string, after: string, ms: number): Promise<boolean | undefined>
}

/** Creates counters, either in this process's memory or shared with other nodes. */
export interface CounterSource {
  /**
   * @param name letters and hyphens; different for each use
   * @param maxKeys how many keys are kept in memory
   */
  counters (name: string, windowMs: number, maxKeys?: number): Counters
  knownAddresses (): KnownAddresses
  /**
   * Counts several hits of one request in one round trip, up to the first that is refused. `consume` and `reserve` then take these results.
   * Only shared counters have it.
   * @param hits of counters of this source; not read further once one is known to be refused
   * @returns releases the results that were not used; call it when the request has ended
   */
  prefetch? (hits: Iterable<PlannedHit>): () => void
  /** Only shared counters have them. */
  readonly marks?: Marks
  /**
   * Only shared counters have it.
   * @param name of the use: letters and hyphens
   */
  text? (name: string): SharedText
  /** False while counters that should be shared are not. */
  readonly up: boolean
  close (): void
}

/** Whether committed hits alone reach the limit, so that no release can free a place. */
export function isExhausted (count: Count): boolean {
  return count.used - count.held >= count.max
}

/** Whole seconds for a Retry-After header; at least 1. */
export function retryAfter ({ resetMs }: Pick<Count, 'resetMs'>): number {
  return Math.max(1, Math.ceil(resetMs / 1000))
}

/** A class, not an object literal: every request creates one, and closures would make that many times slower. */
export class CountResult implements Reservation {
  constructor (
    readonly used: number,
    readonly held: number,
    readonly max: number,
    readonly resetMs: number,
    readonly exceeded: boolean,
    private readonly settle?: (released: 0 | 1) => void
  ) {}

  commit (): void {
    this.settle?.(0)
  }

  release (): void {
    this.settle?.(1)
  }
}
