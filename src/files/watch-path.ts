import { setTimeout as sleep } from 'node:timers/promises'
import { stampOf } from './stamp.js'

export interface PathWatch {
  /** A file, or a link to one. */
  path: string
  /** Milliseconds between two looks. */
  every: number
  /** Ends the watch. */
  signal: AbortSignal
  /** Whether the state of the path with this key is one that has not been dealt with. */
  isNews: (key: string) => Promise<boolean>
  /** Called when two looks in a row find the same news: whoever wrote the file has finished. Awaited before the next look. */
  onRest: () => Promise<unknown>
}

/**
 * Watches a path by looking at it time and again: `fs.watch` misses files that are renamed over or swapped behind a link.
 * Keeps no process alive.
 * What `onRest` throws does not end the watch, nor the process: it reports its failures itself.
 * @returns when `signal` is aborted
 */
export async function watchPath ({ path, every, signal, isNews, onRest }: PathWatch): Promise<void> {
  let last = ''
  while (await pause(every, signal)) {
    const { key } = await stampOf(path)
    if (key === last && await isNews(key)) await onRest().catch(() => {})
    last = key
  }
}

/** False when the signal ended the pause. */
function pause (every: number, signal: AbortSignal): Promise<boolean> {
  return sleep(every, true, { ref: false, signal }).catch(() => false)
}
