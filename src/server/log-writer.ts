import { writeSync } from 'node:fs'
import type { Sink } from '../audit/sink.js'
import { detach } from '../lib/detach.js'

/** Bytes that wait for a reader of the log at most: some 20 000 lines. */
const MAX_WAITING = 4 * 1024 * 1024
/** Bytes that are written at once rather than with what comes. */
const BATCH = 4096
/** Milliseconds that a line waits for others at most. A write for each line would cost as much as a signature. */
const FLUSH_AFTER_MS = 100
/** As pino writes it. */
const WARN = 40

/** Where the log's lines go. A reader that stalls stalls nothing: what it leaves no room for is dropped and counted. */
export class LogWriter {
  readonly #sink: Pick<Sink, 'write'>
  readonly #fd: number
  #waiting: string[] = []
  /** Of the lines that wait, and of those that are being written. */
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

  /** Lines that nobody will read. */
  get dropped (): number {
    return this.#dropped
  }

  write (line: string): void {
    const bytes = Buffer.byteLength(line)
    if (this.#bytes + bytes > MAX_WAITING) {
      this.#dropped++
      return
    }
    this.#waiting.push(line)
    this.#bytes += bytes
    this.#schedule()
  }

  /** Writes what waits, as far as it is taken at once: at the end of the process, when nothing can be waited for. pino also calls it behind a fatal line. */
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
    if (this.#bytes >= BATCH) detach(this.#flush())
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

  /** Says that lines are missing, once there is somebody to read it. */
  #report (): void {
    const dropped = this.#dropped - this.#reported
    if (dropped === 0) return
    this.#reported = this.#dropped
    this.write(JSON.stringify({ level: WARN, time: new Date().toISOString(), dropped, msg: 'lines of this log were dropped, as its reader stalled' }) + '\n')
  }
}
