import { setTimeout as sleep } from 'node:timers/promises'
import { stampOf } from './stamp.js'

/** Milliseconds between two polls of a file. */
const POLL_MS = 250

export interface WatchOptions {
  /**
   * Files, or links to files, by absolute path, each with the stamp of the state that was last read; `stampsOf` makes it.
   * The watch updates the stamps that it reports. If the owner reads a file at another time and sets its stamp here, that change is not
   * reported.
   */
  stamps: Map<string, string>
  /** Ends the watch when it is aborted. */
  signal: AbortSignal
  /**
   * Called after a change, and awaited before that file is polled again. A rejection ends neither the watch nor the process: `onChange` has
   * to report its own failures.
   */
  onChange: () => Promise<unknown>
  /** Milliseconds between two polls. Default: 250. */
  pollMs?: number | undefined
}

/**
 * Watches files by polling them: `fs.watch` misses files that are renamed over or swapped behind a link.
 * A change is reported when two polls in a row find the same new state: then the writer has finished. Creating and deleting a file are
 * changes. Does not keep the process alive.
 * @returns when `signal` is aborted
 */
export async function watchFiles ({ stamps, signal, onChange, pollMs = POLL_MS }: WatchOptions): Promise<void> {
  await Promise.all(Array.from(stamps.keys(), async path => {
    let previous = ''
    while (await pause(pollMs, signal)) {
      const { key } = await stampOf(path)
      if (key === previous && key !== stamps.get(path)) {
        stamps.set(path, key)
        await onChange().catch(() => {})
      }
      previous = key
    }
  }))
}

/** @returns false when the signal ended the pause */
function pause (ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { ref: false, signal }).catch(() => false)
}
