import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode } from './errno.js'

/** One state of a path, as `stat` reports it; two of them tell whether a file has changed. */
export interface Stamp {
  /**
   * Differs for every state: made of the file's identity, size, times, owner and mode. Without a file, the code of the error, such as
   * `ENOENT`.
   */
  readonly key: string
  /** Milliseconds since the last change; negative when the file's clock is ahead of ours, NaN without a file. */
  readonly age: number
  /** A pipe can be read only once, and reading it changes its times. */
  readonly isPipe: boolean
}

/** Returns the current state of a path, following links. A missing file is also a state. */
export async function stampOf (path: string): Promise<Stamp> {
  try {
    const stats = await stat(path, { bigint: true })
    const { dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs, ctimeMs } = stats
    return { key: [dev, ino, mode, uid, gid, size, mtimeNs, ctimeNs].join(), age: Date.now() - Number(ctimeMs), isPipe: stats.isFIFO() }
  } catch (error) {
    return { key: errorCode(error), age: NaN, isPipe: false }
  }
}

/**
 * The keys of several paths, by path; pipes are left out. Call it before the files are read, so that a change while they
 * are read is detected later.
 */
export async function stampsOf (paths: string[]): Promise<Map<string, string>> {
  const stamps = await Promise.all(paths.map(async path => [path, await stampOf(path)] as const))
  return new Map(stamps.filter(([, { isPipe }]) => !isPipe).map(([path, { key }]) => [path, key]))
}

/** Two ticks of the slowest clock of a file system: two changes within one tick have the same stamp. */
const TICK_MS = 20
const MAX_TRIES = 10

/**
 * Reads a path again until nothing has changed it meanwhile, so that `content` is one state of the file and `key` is that state's.
 * @returns undefined when it changed during every try
 */
export async function readStable<T> (path: string, read: (path: string) => Promise<T>): Promise<{ key: string, content: T } | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { key, age } = await stampOf(path)
    if (!(age >= TICK_MS)) await sleep(TICK_MS)
    const content = await read(path)
    if ((await stampOf(path)).key === key) return { key, content }
  }
  return undefined
}
