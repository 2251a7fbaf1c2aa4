import { setImmediate as setImmediatePromise } from 'node:timers/promises'
import { problem } from '../problems.js'
import type { Sink } from './sink.js'

/** What every line has. */
interface Common {
  requestId: string
  /** The address that asked; an IP address. */
  ip: string
  /** The page that asked, where a browser said. */
  origin?: string | undefined
  /** The caller's name; a keyed hash of it, where the password was not checked or was wrong. */
  caller?: string | undefined
  identity?: string | undefined
  /** The products' names. */
  products?: string[] | undefined
}

export interface TokenIssued extends Common {
  event: 'token.issued'
  /** As in the token, without the identity. */
  grants: Record<string, object>
  /** Seconds. */
  ttl: number
  /** ISO 8601. */
  expiresAt: string
  keySid: string
  /** Hexadecimal. */
  tokenSha256: string
  /** What the policy would have refused, under `mode: audit`. */
  wouldRefuse?: string | undefined
}

export interface TokenRefused extends Common {
  event: 'token.refused'
  /** The answer's code. */
  code: string
}

export interface Audit {
  /** False since the last write failed, until one succeeds. */
  readonly ok: boolean
  /**
   * Resolves once the line is written. What depends on it must wait: a token leaves after its line.
   * @throws Problem `audit-unavailable`
   */
  record (event: TokenIssued | TokenRefused): Promise<void>
  /** Takes up a rotated file. */
  reopen (): Promise<void>
  /** Writes what waits, then closes. */
  close (): Promise<void>
}

interface Waiting { line: string, written: () => void, failed: (error: unknown) => void }

/** Milliseconds between two looks at a log that could not be written. */
const probeEvery = 1000

/**
 * One write for all lines that wait (group commit): while one is under way, the next ones gather.
 * @param patience milliseconds; a write that takes longer is stalled, and a 503 now is better than callers who wait
 */
export function createAudit (sink: Sink, patience = 1000): Audit {
  const waiting: Waiting[] = []
  let scheduled = false
  let stalled = false
  let ok = true
  let probing: NodeJS.Timeout | undefined
  /** One after the other: a write and the change to a rotated file must not meet. */
  let work = Promise.resolve()

  function schedule (): void {
    if (scheduled) return
    scheduled = true
    // Not a microtask: all requests of this turn of the event loop share the write.
    setImmediate(() => {
      work = work.then(() => {
        scheduled = false
        return flush()
      })
    })
  }

  async function flush (): Promise<void> {
    const batch = waiting.splice(0)
    // A stall has failed them already.
    if (batch.length === 0) return
    const patient = setTimeout(() => {
      stalled = true
      fail([...batch, ...waiting.splice(0)], new Error('the audit log takes no more'))
    }, patience)
    try {
      await sink.write(Buffer.from(batch.map(({ line }) => line).join('')))
      ok = true
      for (const { written } of batch) written()
    } catch (error) {
      fail(batch, error)
    }
    clearTimeout(patient)
    stalled = false
  }

  function fail (batch: Waiting[], error: unknown): void {
    ok = false
    for (const { failed } of batch) failed(error)
    probe()
  }

  /** Where a load balancer waits for `ok` before it sends anyone, no line comes that would show that it can be written again. */
  function probe (): void {
    probing ??= setTimeout(() => {
      work = work.then(() => sink.probe()).then(() => { ok = true }, () => {}).then(() => {
        probing = undefined
        if (!ok) probe()
      })
    }, probeEvery).unref()
  }

  return {
    get ok () { return ok },
    record (event) {
      // Put together as text: at every token, a copy with one property more costs half as much as all else here.
      const line = `{"time":"${new Date().toISOString()}",${JSON.stringify(event).slice(1)}\n`
      return new Promise<void>((resolve, reject) => {
        const failed = (cause: unknown) => reject(problem('audit-unavailable', { retryAfter: 5, cause }))
        if (stalled) return failed(new Error('the audit log takes no more'))
        waiting.push({ line, written: resolve, failed })
        schedule()
      })
    },
    async reopen () {
      const reopened = work.then(() => sink.reopen())
      work = reopened.catch(() => {})
      await reopened
    },
    async close () {
      // Behind the turn in which the last lines are taken up.
      await setImmediatePromise()
      await work
      clearTimeout(probing)
      await sink.close()
    }
  }
}
