import type { KnownAddresses } from './memory/known-addresses.js'

/** What a counter stands at. */
export interface Count {
  /** Hits counted in this window, those held included; never above `max`, as a hit beyond it is not counted. */
  readonly used: number
  /** How many of `used` are held, and may yet be given back. */
  readonly held: number
  readonly max: number
  /** Milliseconds until the window ends; 0 where nothing is counted. */
  readonly resetMs: number
  /** Whether this hit was one too many. */
  readonly exceeded: boolean
}

/** A hit whose outcome is still open. Exactly one of its functions is called, once; after the window's end they do nothing, nor do they where the hit was one too many. */
export interface Hold extends Count {
  /** The hit counts. */
  commit (): void
  /** The hit never was. */
  release (): void
}

/**
 * Counters of hits in fixed windows: a window begins with a key's first hit and lasts `window` milliseconds.
 * Those in memory answer at once, those that share with other nodes answer a promise.
 */
export interface Counters {
  /** Milliseconds. */
  readonly window: number
  /** Counts a hit, unless that makes more than `max`. */
  consume (key: string, max: number): Count | Promise<Count>
  /** Counts a hit for the time being. Any number of calls at once hold at most `max` together. */
  reserve (key: string, max: number): Hold | Promise<Hold>
  /** Looks, and counts nothing; those that are shared say what this node knows. `exceeded` tells whether a hit would be one too many. */
  read (key: string, max: number): Count
  /** Whether a hit would be one too many, which counts nothing. There only where counters answer at once. */
  isFull? (key: string, max: number): boolean
  /** Forgets a key's hits, at most so many in a window, and none that is still held: its outcome will count. */
  clear (key: string, most: number): void
}

/** A hit that somebody will ask for. */
export interface Ask<C extends Counters = Counters> {
  counters: C
  key: string
  max: number
  /** 1 where it will be asked for by `hold`. */
  hold: 0 | 1
}

/**
 * Texts that nodes remember together for a time. While Redis is away they remember nothing, and the broker goes on with what each node knows.
 * All throw Problem `limiter-unavailable` where nothing may be done without Redis.
 */
export interface Marks {
  /** @param name letters and hyphens; one for each use @param ms milliseconds */
  set (name: string, text: string, ms: number): Promise<void>
  has (name: string, text: string): Promise<boolean>
  /**
   * Marks a text and counts a hit, in one step. Does neither where the text is marked already, and does not mark it where the hit is one too many.
   * @param ask for a hit that is taken from its counters right after this
   * @returns false where it was marked already
   */
  setOnce (name: string, text: string, ms: number, ask?: Ask): Promise<boolean>
}

/** Where the counters of a process live: in its memory, or shared with other nodes. */
export interface CounterSource {
  /** Counters of their own. @param name letters and hyphens; one for each use @param window milliseconds @param size keys in memory at most */
  counters (name: string, window: number, size?: number): Counters
  knownAddresses (): KnownAddresses
  /**
   * Asks at once for what a request will ask for one after the other, so that it waits once: up to the first that is refused, after
   * which the others are not counted. There only where counters answer by promise.
   * @param asks for counters of this source; read no further than one that is known to be refused
   * @returns gives back what nobody asked for in the end; to be called once the request is answered
   */
  askAhead? (asks: Iterable<Ask>): () => void
  /** Marks that all nodes see. There only where counters are shared. */
  readonly marks?: Marks
  /** False while what should be shared is counted by each node for itself, or not at all. */
  readonly up: boolean
  close (): void
}

/** Whether so many hits count for good that no outcome of a held one can make room. */
export function isExhausted (count: Count): boolean {
  return count.used - count.held >= count.max
}

/** Whole seconds for a Retry-After header; at least 1. */
export function retryAfter ({ resetMs }: Pick<Count, 'resetMs'>): number {
  return Math.max(1, Math.ceil(resetMs / 1000))
}
