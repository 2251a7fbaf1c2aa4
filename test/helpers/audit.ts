import type { TokenIssued, TokenRefused } from '../../src/audit/audit.js'
import type { Sink } from '../../src/audit/sink.js'

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
