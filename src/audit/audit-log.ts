import { setImmediate as setImmediatePromise } from 'node:timers/promises'
import { escapeInvisible } from '../lib/printable.js'
import { problem, type ProblemCode, type RefusalCode } from '../problems.js'
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
  /** The answer's code; `hung-up` where the client left before its password was judged. */
  code: RefusalCode
}

export interface Audit {
  /** False since the last write failed, until one succeeds. */
  readonly ok: boolean
  /** Refusals whose lines wait until the log can be written again. */
  readonly owed: number
  /** Refusals of which there will be no line, as too many were owed. */
  readonly lost: number
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

/** What a request needs of it. */
export type Recorder = Pick<Audit, 'record'>

interface Waiting { line: string, written: () => void, failed: (error: unknown) => void }

/** Refusals that are owed at most; each costs about 1 KB. */
const owedMost = 1000

/** Milliseconds between two looks at a log that could not be written. */
const probeEvery = 1000

/**
 * One write for all lines that wait (group commit): while one is under way, the next ones gather.
 * @param patience milliseconds; a write that takes longer is stalled, and a 503 now is better than callers who wait
 */
export function createAudit (sink: Sink, patience = 1000): Audit {
  const waiting: Waiting[] = []
  /** The lines of refusals that were answered without one: there is nothing to take back from whoever was refused. */
  const owed = new Set<Waiting>()
  let lost = 0
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
      await sink.write(Buffer.from(escapeInvisible(batch.map(({ line }) => line).join(''))))
      ok = true
      for (const { written } of batch) written()
      pay()
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

  function owe (debt: Waiting): void {
    if (owed.size < owedMost) owed.add(debt)
    else lost++
  }

  /** A line that nobody waits for. One whose write stalled is owed again, and may yet come through. */
  function debt (line: string): Waiting {
    const own: Waiting = { line, written: () => owed.delete(own), failed: () => owe(own) }
    return own
  }

  function pay (): void {
    if (owed.size === 0) return
    waiting.push(...owed)
    owed.clear()
    schedule()
  }

  /** Where a load balancer waits for `ok` before it sends anyone, no line comes that would show that it can be written again. */
  function probe (): void {
    probing ??= setTimeout(() => {
      work = work.then(() => sink.probe()).then(() => {
        // A line that is owed tells more than the look.
        if (owed.size === 0) ok = true
        else pay()
      }, () => {}).then(() => {
        probing = undefined
        if (!ok) probe()
      })
    }, probeEvery).unref()
  }

  return {
    get ok () { return ok },
    get owed () { return owed.size },
    get lost () { return lost },
    record (event) {
      const time = new Date().toISOString()
      const line = JSON.stringify({ time, ...event }) + '\n'
      return new Promise<void>((resolve, reject) => {
        const failed = (cause: unknown) => {
          // As it is answered now, whatever it was to be.
          if (event.event === 'token.refused') owe(debt(JSON.stringify({ time, ...event, code: 'audit-unavailable' satisfies ProblemCode }) + '\n'))
          reject(problem('audit-unavailable', { retryAfter: 5, cause }))
        }
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
      pay()
      // Behind the turn in which the last lines are taken up.
      await setImmediatePromise()
      await work
      clearTimeout(probing)
      await sink.close()
    }
  }
}
