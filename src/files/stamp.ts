import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from './errno.js'

/** What tells one state of a path from the next: the file's bytes, owner and mode, and what links on the way point to. */
export interface Stamp {
  readonly key: string
  /** Milliseconds since the last change; negative where the file's clock is ahead of ours, NaN without a file. */
  readonly age: number
}

/** A look at a path, following links. That nothing is there is a state too. */
export async function stampOf (path: string): Promise<Stamp> {
  try {
    const { dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true })
    return { key: [dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs].join(), age: Date.now() - Number(ctimeMs) }
  } catch (error) {
    return { key: errorCode(error), age: NaN }
  }
}

/** Milliseconds, two ticks of the slowest clock that stamps files: two changes within one tick leave the same stamp. */
const tick = 20
const tries = 10

/**
 * Reads a path while nothing changes it, so that what is read is one state of the file, and `key` is that state's.
 * @returns undefined when it changed during every try
 */
export async function readAtRest<T> (path: string, read: (path: string) => Promise<T>): Promise<{ key: string, content: T } | undefined> {
  for (let left = tries; left > 0; left--) {
    const { key, age } = await stampOf(path)
    if (!(age >= tick)) await sleep(tick)
    const content = await read(path)
    if ((await stampOf(path)).key === key) return { key, content }
  }
  return undefined
}
