import { setImmediate as nextImmediate } from 'node:timers/promises'
import { startDeadline } from '../lib/deadline.js'
import { escapeInvisible } from '../lib/printable.js'
import type { Sink } from './sink.js'

/** Each pending line costs about 1 KB. */
const MAX_PENDING = 1000

const PROBE_INTERVAL_MS = 1000

interface Entry {
  readonly line: string
  readonly onWritten: () => void
  readonly onFailed: (cause: unknown) => void
}

/** Writes lines in batches: while one write runs, the next lines gather and then share one write (group commit). */
export class BatchWriter {
  readonly #sink: Sink
  readonly #stallMs: number
  /** The lines of the next write. */
  #batch: Entry[] = []
  readonly #pending = new Set<Entry>()
  #dropped = 0
  #ok = true
  #isScheduled = false
  #isStalled = false
  #probeTimer: NodeJS.Timeout | undefined
  /** Chains writes and reopens, so that a file is never swapped during a write. */
  #work = Promise.resolve()

  /** @param stallMs milliseconds after which a running write counts as stalled: its lines fail instead of keeping callers waiting */
  constructor (sink: Sink, stallMs: number) {
    this.#sink = sink
    this.#stallMs = stallMs
  }

  /** False from a failed write until one succeeds. */
  get ok (): boolean {
    return this.#ok
  }

  /** How many lines of `enqueue` are not written yet. */
  get pending (): number {
    return this.#pending.size
  }

  /** How many lines of `enqueue` were given up because too many were pending. */
  get dropped (): number {
    return this.#dropped
  }

  /**
   * Adds a line to the next write, and calls one of the two functions when that has ended. While a write is stalled, a line gets `onFailed`
   * immediately, and perhaps `onWritten` later.
   */
  write (line: string, onWritten: () => void, onFailed: (cause: unknown) => void): void {
    if (this.#isStalled) return onFailed(stalled())
    this.#batch.push({ line, onWritten, onFailed })
    this.#schedule()
  }

  /** Keeps a line that nobody waits for, and writes it as soon as the log can be written again. Then it calls `onWritten`. */
  enqueue (line: string, onWritten: () => void): void {
    const entry: Entry = {
      line,
      onWritten: () => {
        this.#pending.delete(entry)
        onWritten()
      },
      onFailed: () => this.#keep(entry)
    }
    this.#keep(entry)
  }

  async reopen (): Promise<void> {
    const reopened = this.#work.then(() => this.#sink.reopen())
    this.#work = reopened.catch(() => {})
    await reopened
  }

  /** Writes everything once more, then closes the sink. */
  async close (): Promise<void> {
    this.#flushPending()
    // The scheduled batch joins `#work` in this turn's setImmediate.
    await nextImmediate()
    await this.#work
    clearTimeout(this.#probeTimer)
    await this.#sink.close()
  }

  #schedule (): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    // Not a microtask: all requests of one turn of the event loop share the write.
    setImmediate(() => {
      this.#work = this.#work.then(() => {
        this.#isScheduled = false
        return this.#flush()
      })
    })
  }

  async #flush (): Promise<void> {
    const batch = this.#takeBatch()
    // A stall has already failed these lines.
    if (batch.length === 0) return
    const written = startDeadline(this.#stallMs, () => {
      this.#isStalled = true
      this.#fail([...batch, ...this.#takeBatch()], stalled())
    })
    try {
      await this.#sink.write(Buffer.from(escapeInvisible(batch.map(({ line }) => line).join(''))))
      this.#ok = true
      for (const { onWritten } of batch) onWritten()
      this.#flushPending()
    } catch (error) {
      this.#fail(batch, error)
    }
    written()
    this.#isStalled = false
  }

  #takeBatch (): Entry[] {
    const batch = this.#batch
    this.#batch = []
    return batch
  }

  #fail (batch: Entry[], cause: unknown): void {
    this.#ok = false
    for (const { onFailed } of batch) onFailed(cause)
    this.#probe()
  }

  #keep (entry: Entry): void {
    if (this.#pending.size < MAX_PENDING) this.#pending.add(entry)
    else this.#dropped++
  }

  #flushPending (): void {
    if (this.#pending.size === 0) return
    this.#batch.push(...this.#pending)
    this.#pending.clear()
    this.#schedule()
  }

  /** Detects recovery without a request: a load balancer sends none until `ok` is true again. */
  #probe (): void {
    this.#probeTimer ??= setTimeout(() => {
      this.#work = this.#work.then(() => this.#sink.probe()).then(() => {
        // Writing a pending line proves more than the probe does.
        if (this.#pending.size === 0) this.#ok = true
        else this.#flushPending()
      }, () => {}).then(() => {
        this.#probeTimer = undefined
        if (!this.#ok) this.#probe()
      })
    }, PROBE_INTERVAL_MS).unref()
  }
}

function stalled (): Error {
  return new Error('the audit log does not accept more lines')
}
