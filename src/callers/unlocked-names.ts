import { setTimeout as sleep } from 'node:timers/promises'
import { canonicalName } from '../caller.js'
import { errorCode } from '../files/errno.js'
import { writableByEveryone } from '../files/mode.js'
import { readWithMode } from '../files/read.js'
import type { Log } from '../lib/log.js'
import type { SharedText } from '../limits/counters.js'
import { isRecent, parseUnlockings, type Unlocking } from './unlock.js'

const POLL_MS = 1000

export interface UnlockedNamesOptions {
  /** Where nodes share what is unlocked; undefined where it is in a file. */
  shared: SharedText | undefined
  /** Absolute path. */
  path: string
  /** The file as messages call it. */
  label: string
  log: Log
}

/** The names that operators have unlocked, read anew every second. What cannot be read changes nothing. */
export class UnlockedNames {
  readonly #options: UnlockedNamesOptions
  readonly #closing = new AbortController()
  #times: ReadonlyMap<string, string> = new Map()
  #text: string | undefined
  #mistake: string | undefined
  #polling: Promise<void> = Promise.resolve()

  /** Resolves when the names were read. */
  static async open (options: UnlockedNamesOptions): Promise<UnlockedNames> {
    const names = new UnlockedNames(options)
    await names.#update()
    names.#polling = names.#poll()
    return names
  }

  private constructor (options: UnlockedNamesOptions) {
    this.#options = options
  }

  /** When a name was unlocked; undefined where it was not. */
  readonly unlockedAt = (canonicalName: string): string | undefined => this.#times.get(canonicalName)

  async close (): Promise<void> {
    this.#closing.abort()
    await this.#polling
  }

  async #poll (): Promise<void> {
    const { signal } = this.#closing
    while (await sleep(POLL_MS, true, { ref: false, signal }).catch(() => false)) await this.#update()
  }

  async #update (): Promise<void> {
    const { shared, path, label } = this.#options
    try {
      const text = await (shared === undefined ? readOwn(path, label) : shared.read())
      if (text !== undefined && text !== this.#text) this.#take(text)
      this.#mistake = undefined
    } catch (error) {
      this.#report(error as Error)
    }
  }

  #take (text: string): void {
    const unlockings = parseUnlockings(text)
    if (unlockings === undefined) throw new Error(`${this.#options.label} is not what "users unlock" writes; run that again`)
    // Never forgets a time, even if the text is lost: the old keys would be used again, with their locks and their unused attempts.
    const later = unlockings.filter(({ name, at }) => at > (this.#times.get(canonicalName(name)) ?? ''))
    this.#log(later.filter(isRecent))
    this.#times = new Map([...this.#times, ...later.map(({ name, at }) => [canonicalName(name), at] as const)])
    this.#text = text
  }

  /** Logged as a warning, because it allows more guesses. */
  #log (unlockings: Unlocking[]): void {
    for (const { name, at } of unlockings) this.#options.log.warn({ name, at }, 'unlocked by an operator: wrong passwords of this name count from zero')
  }

  /** Logs each mistake once. */
  #report ({ message }: Error): void {
    if (message !== this.#mistake) this.#options.log.error(`nobody can be unlocked: ${message}`)
    this.#mistake = message
  }
}

/** @throws Error in words for operators */
async function readOwn (path: string, label: string): Promise<string> {
  const content = await readWithMode(path).catch((error: unknown) => {
    const code = errorCode(error)
    if (code === 'ENOENT') return { bytes: Buffer.alloc(0), mode: 0 }
    throw new Error(`${label} cannot be read (${code})`)
  })
  if (content === undefined) throw new Error(`${label} is not a file`)
  const writable = writableByEveryone(content.mode, { file: label })
  if (writable !== undefined) throw new Error(writable)
  return content.bytes.toString()
}
