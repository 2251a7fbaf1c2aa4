import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Piscina } from 'piscina'
import { problem } from '../../problems.js'
import type { HashTask } from './hash-worker.js'

/**
 * Verifies `password` (NFC) against a stored hash.
 * @param hash in a format that the store accepts
 * @throws Problem `store-unavailable` when no thread could run
 */
export type VerifyHash = (hash: string, password: string) => Promise<boolean>

export type HashThreads = VerifyHash & {
  /** Starts the first thread ahead of time, so that no login waits for it. */
  prestart (): void
}

export interface HashThreadsOptions {
  /** Absolute path of the module that the threads run. */
  filename: string
  /** Node's flags for the threads; by default those of this process. */
  execArgv?: string[]
  /**
   * Milliseconds after which a hash fails; by default 30 000. The most expensive hash takes about a second of an idle core. Without this
   * limit, piscina waits for ever where no thread can start, for lack of memory or processes.
   */
  timeoutMs?: number
}

/**
 * Creates threads for hashes. They have a lower priority than the thread that answers requests: in libuv's pool, a flood of logins would
 * compete with it as an equal and slow down callers who are signed in already. There is at most one a core, started on demand; none keeps
 * the process alive. The waiting hashes are bounded by `HashQueue`.
 */
export function hashThreads ({ timeoutMs = 30_000, ...options }: HashThreadsOptions): HashThreads {
  let pool: Promise<Piscina<HashTask, boolean>> | undefined

  async function open () {
    const { Piscina } = await import('piscina')
    const opened = new Piscina<HashTask, boolean>({
      ...options,
      minThreads: 1,
      maxThreads: availableParallelism(),
      idleTimeout: Infinity,
      // The lowest priority of nice(2): at 10, a caller who is signed in waits 3 ms for a core during a flood. Without @napi-rs/nice, the
      // threads keep the normal priority.
      niceIncrement: 19,
      // An idle thread then waits for messages instead of a lock, which would block its own timers and events.
      atomics: 'disabled',
      // Keeps Twilio's secrets, which no hash needs, out of the threads.
      env: {}
    })
    // Reported when an idle thread ends. The next hash starts another; without a listener, the event would end the process.
    opened.on('error', () => {})
    return opened
  }

  async function verify (hash: string, password: string): Promise<boolean> {
    try {
      pool ??= open()
      return await (await pool).run({ hash, password }, { signal: AbortSignal.timeout(timeoutMs) })
    } catch (error) {
      // Only the code: a library's message may repeat the password.
      const code = error instanceof Error && 'code' in error ? error.code : 'no code'
      throw problem('store-unavailable', { retryAfter: 5, cause: new Error(`a thread that hashes passwords failed (${code})`) })
    }
  }

  return Object.assign(verify, {
    prestart () {
      // A failure is reported to the logins that need the threads.
      (pool ??= open()).catch(() => {})
    }
  })
}

/** Shared by the whole process, as its cores are. The worker has the extension of this file: .ts where the sources run without a build. */
export const verifyHash = hashThreads({ filename: fileURLToPath(new URL(`hash-worker${extname(import.meta.url)}`, import.meta.url)) })
