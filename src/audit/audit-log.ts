import { problem, type ProblemCode, type RefusalCode } from '../problems.js'
import { BatchWriter } from './batch-writer.js'
import type { Sink } from './sink.js'

/** The fields that every line may have. */
interface Common {
  requestId: string
  /** The client's IP address. */
  ip: string
  /** The page's origin, where a browser sent one. */
  origin?: string | undefined
  /** The caller's name, or a keyed hash of it where the password was wrong or was not checked. */
  caller?: string | undefined
  identity?: string | undefined
  /** Names of products. */
  products?: string[] | undefined
  /** How the caller said who it is. */
  via?: Via | undefined
  /** Of the session, where its MAC was right. */
  sessionId?: string | undefined
  /** Of the trace that the request belongs to, where it says so by a valid `traceparent`. */
  traceId?: string | undefined
}

export type Via = 'basic' | 'session' | 'bearer' | 'application'

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
  /** The code of the answer; `hung-up` where the client disconnected before its password was checked. */
  code: RefusalCode
  /** Why a bearer token was refused: the claim at fault, or a few words. */
  reason?: string | undefined
}

export interface SessionOpened extends Common {
  event: 'session.opened'
  sessionId: string
  /** Seconds. */
  ttl: number
  /** ISO 8601. */
  expiresAt: string
}

export interface SessionEnded extends Common {
  event: 'session.ended'
  sessionId: string
}

export type AuditEvent = TokenIssued | TokenRefused | SessionOpened | SessionEnded

/**
 * The audit log: one JSON line for every issued token, for every session opened or ended, and for every refusal of a request with
 * credentials.
 */
export interface Audit {
  /** False from a failed write until one succeeds. */
  readonly ok: boolean
  /** How many refusals wait for their line until the log can be written again. */
  readonly pending: number
  /** How many refusals have no line because too many were pending. */
  readonly dropped: number
  /**
   * Resolves once the line is written. Await it before sending a token.
   * @param onLate called where the line failed but was written after all, with the event as the log has it
   * @throws Problem `audit-unavailable`
   */
  record (event: AuditEvent, onLate?: (event: AuditEvent) => void): Promise<void>
  /**
   * Continues in the file that now has the log's name. Call it after a rotation.
   * @throws the system's error, when that file cannot be opened; the old one stays in use
   */
  reopen (): Promise<void>
  /** Writes the lines that are left, then closes the file. */
  close (): Promise<void>
}

/** The part of an `Audit` that a request needs. */
export type Recorder = Pick<Audit, 'record'>

/**
 * Opens the audit log over a sink.
 * @param stallMs milliseconds after which a running write counts as stalled: its lines fail, so callers get a 503 instead of waiting
 * @example
 * const audit = createAudit(await fileSink('/var/log/broker/audit.log'))
 * await audit.record({ event: 'token.refused', requestId: 'req-1', ip: '192.0.2.1', code: 'not-allowed' })
 */
export function createAudit (sink: Sink, stallMs = 1000): Audit {
  const writer = new BatchWriter(sink, stallMs)
  return {
    get ok () { return writer.ok },
    get pending () { return writer.pending },
    get dropped () { return writer.dropped },
    record: (event, onLate) => record(writer, event, onLate),
    reopen: () => writer.reopen(),
    close: () => writer.close()
  }
}

function record (writer: BatchWriter, event: AuditEvent, onLate: (event: AuditEvent) => void = () => {}): Promise<void> {
  const time = new Date().toISOString()
  const keep = (event: AuditEvent) => writer.enqueue(lineOf({ time, ...event }), () => onLate(event))
  return new Promise((resolve, reject) => {
    writer.write(lineOf({ time, ...event }), resolve, cause => {
      // A refused caller now gets this code instead, so its line is written later. A token that is not sent needs no line.
      if (event.event === 'token.refused') keep({ ...event, code: 'audit-unavailable' satisfies ProblemCode })
      // An ended session stays ended, so its line is written later as well.
      if (event.event === 'session.ended') keep(event)
      reject(problem('audit-unavailable', { retryAfter: 5, cause }))
    })
  })
}

function lineOf (event: object): string {
  return `${JSON.stringify(event)}\n`
}
