import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Piscina } from 'piscina'
import { problem } from '../../problems.js'
import type { HashTask } from './hash-worker.js'

/**
 * Whether `password` (NFC) is the one that was hashed.
 * @param hash as a store keeps it; one that the store takes
 * @throws Problem `store-unavailable` when no thread could tell
 */
export type VerifyHash = (hash: string, password: string) => Promise<boolean>

export type HashThreads = VerifyHash & {
  /** Begins the first thread, so that no login waits for it. */
  begin (): void
}

export interface HashThreadsOptions {
  /** Absolute path of the module that the threads run. */
  filename: string
  /** Node's own flags for them; by default those of this process. */
  execArgv?: string[]
  /**
   * Milliseconds after which a hash is given up. The dearest takes about a second of a core, and more where others want the core;
   * but where no thread can begin, for want of memory or of processes, piscina would let it wait for ever.
   */
  patience?: number
}

/**
 * Threads for hashes, of a lower priority than the one that answers requests: in libuv's pool a flood of logins would compete
 * with it as an equal, and slow down those who are signed in already. There are as many as cores, each begun when it is first
 * needed, and none keeps the process alive. What bounds the hashes that wait is the HashQueue.
 */
export function hashThreads ({ patience = 30_000, ...options }: HashThreadsOptions): HashThreads {
  let pool: Promise<Piscina<HashTask, boolean>> | undefined

  async function open () {
    const { Piscina } = await import('piscina')
    const opened = new Piscina<HashTask, boolean>({
      ...options,
      minThreads: 1,
      maxThreads: availableParallelism(),
      idleTimeout: Infinity,
      // The lowest, as nice(2) counts: at 10, a caller who is signed in waits 3 ms for a core during a flood. Where @napi-rs/nice is not installed, the
      // threads run at the priority of all others.
      niceIncrement: 19,
      // A thread that waits is to wait for messages, without a lock that would keep its own timers and events from running.
      atomics: 'disabled',
      // The environment holds Twilio's secrets, and no hash needs it.
      env: {}
    })
    // A thread that ended while it had nothing to do. The next hash begins another, and an event that nobody heard would end the process.
    opened.on('error', () => {})
    return opened
  }

  async function verify (hash: string, password: string): Promise<boolean> {
    try {
      pool ??= open()
      return await (await pool).run({ hash, password }, { signal: AbortSignal.timeout(patience) })
    } catch (error) {
      // The code alone: the words of a library may repeat what it was given.
      const code = error instanceof Error && 'code' in error ? error.code : 'no code'
      throw problem('store-unavailable', { retryAfter: 5, cause: new Error(`a thread that hashes passwords failed (${code})`) })
    }
  }

  return Object.assign(verify, {
    begin () {
      // That it failed is told to the logins that need it.
      (pool ??= open()).catch(() => {})
    }
  })
}

/** The process has one set of cores, so it has one set of threads. The worker ends as this file does: in .ts where the sources run as they are. */
export const verifyHash = hashThreads({ filename: fileURLToPath(new URL(`hash-worker${extname(import.meta.url)}`, import.meta.url)) })
