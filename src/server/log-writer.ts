import { writeSync } from 'node:fs'
import type { Sink } from '../audit/sink.js'
import { detach } from '../lib/detach.js'

/** About 20 000 lines. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** From this size on, waiting lines are written immediately. */
const BATCH_BYTES = 4096
/** A line waits this long for others to share its write: a write for each line would cost as much as a signature. */
const FLUSH_AFTER_MS = 100
/** The level `warn` in Pino's numbers. */
const WARN_LEVEL = 40

/** Writes log lines without ever blocking the broker: if the reader stalls and the buffer is full, lines are dropped and counted. */
export class LogWriter {
  readonly #sink: Pick<Sink, 'write'>
  readonly #fd: number
  #waiting: string[] = []
  /** Size of all waiting lines, including those being written. */
  #bytes = 0
  #writing = false
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  #reported = 0

  /** @param fd the descriptor that the sink writes to */
  constructor (sink: Pick<Sink, 'write'>, fd: number) {
    this.#sink = sink
    this.#fd = fd
  }

  /** Number of dropped lines. */
  get dropped (): number {
    return this.#dropped
  }

  write (line: string): void {
    const bytes = Buffer.byteLength(line)
    if (this.#bytes + bytes > MAX_WAITING_BYTES) {
      this.#dropped++
      return
    }
    this.#waiting.push(line)
    this.#bytes += bytes
    this.#schedule()
  }

  /** Writes the waiting lines synchronously, as far as possible. For the end of the process; pino also calls it after a fatal line. */
  flushSync (): void {
    const lines = this.#waiting.splice(0)
    const bytes = Buffer.from(lines.join(''))
    this.#bytes -= bytes.length
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at)
    } catch {
      this.#dropped += lines.length
    }
  }

  #schedule (): void {
    if (this.#writing || this.#waiting.length === 0) return
    if (this.#bytes >= BATCH_BYTES) detach(this.#flush())
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS).unref()
  }

  async #flush (): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = this.#waiting.splice(0)
    const bytes = Buffer.from(lines.join(''))
    this.#writing = true
    const written = await this.#sink.write(bytes).then(() => true, () => false)
    this.#writing = false
    this.#bytes -= bytes.length
    if (written) this.#report()
    else this.#dropped += lines.length
    this.#schedule()
  }

  /** Logs that lines were dropped, once the reader reads again. */
  #report (): void {
    const dropped = this.#dropped - this.#reported
    if (dropped === 0) return
    this.#reported = this.#dropped
    this.write(JSON.stringify({ level: WARN_LEVEL, time: new Date().toISOString(), dropped, msg: 'log lines were dropped because the reader stalled' }) + '\n')
  }
}
