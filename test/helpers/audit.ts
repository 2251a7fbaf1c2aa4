import type { Test } from 'tap'
import { createAudit, type TokenIssued, type TokenRefused } from '../../src/audit/audit-log.js'
import type { Sink } from '../../src/audit/sink.js'
import { until } from './until.js'

export const line = (n: number): TokenRefused => ({ event: 'token.refused', requestId: String(n), ip: '127.0.0.1', code: 'not-allowed' })
export const token = (n: number): TokenIssued => ({ event: 'token.issued', requestId: String(n), ip: '127.0.0.1', grants: {}, ttl: 180, expiresAt: '', keySid: '', tokenSha256: '' })
export const ids = (text: string) => text.split('\n').filter(Boolean).map(line => (JSON.parse(line) as TokenRefused).requestId)
export const unavailable = { code: 'audit-unavailable' }

/** A sink whose writes end when the test says so. */
export function heldSink () {
  const writes: Array<{ text: string, done: () => void, fail: (error: Error) => void }> = []
  const sink: Sink = {
    write: bytes => new Promise((resolve, reject) => writes.push({ text: bytes.toString(), done: resolve, fail: reject })),
    reopen: async () => {},
    probe: async () => {},
    close: async () => {}
  }
  return { sink, writes }
}

/** An audit that could not write the line of this event. */
export async function failedAudit (t: Test, event: TokenIssued | TokenRefused) {
  const { sink, writes } = heldSink()
  const audit = createAudit(sink)
  const failed = audit.record(event)
  await until(() => writes.length === 1)
  writes[0]!.fail(new Error('ENOSPC'))
  await t.rejects(failed, unavailable)
  return { audit, writes }
}
