import type { IncomingMessage } from 'node:http'
import { problem, type Problem } from '../problems.js'
import { closeSocket } from './closing-sockets.js'
import type { RequestStep } from './request-step.js'

/** Bytes of request line and headers. The listener accepts twice as much, so that the refusal is a normal answer. */
const MAX_HEADER_BYTES = 16 * 1024

/** Node silently drops further header lines, which may include a second one of a header that must be unique. */
const MAX_HEADER_LINES = 1000

// RFC 9110 §5.3: these headers are not lists, so two of the same cannot be joined, and proxies disagree on which one counts.
const singleHeaders = new Set(['host', 'authorization', 'content-type', 'content-length', 'content-encoding', 'origin', 'dpop'])

/** Refuses malformed requests, preflights included, and closes the socket. Runs after CORS, so that pages can read the answer. */
export function rejectMalformed (): RequestStep {
  return ({ raw }) => {
    const refusal = malformation(raw)
    if (refusal === undefined) return
    closeSocket(raw.socket)
    throw refusal
  }
}

function malformation (raw: IncomingMessage): Problem | undefined {
  const headers = { Connection: 'close' }
  const ambiguous = ambiguity(raw)
  if (ambiguous !== undefined) return problem('request-invalid', { errors: [{ path: '', message: ambiguous }], headers })
  return isTooLarge(raw) ? problem('headers-too-large', { headers }) : undefined
}

/** Counts bytes as Node does: names, values and the path. */
function isTooLarge ({ url, rawHeaders }: IncomingMessage): boolean {
  let size = url!.length
  for (const text of rawHeaders) size += text.length
  return size >= MAX_HEADER_BYTES || rawHeaders.length >= MAX_HEADER_LINES * 2
}

/** Says why a proxy may interpret the request differently; undefined if it may not. */
function ambiguity ({ httpVersion, headers, rawHeaders }: IncomingMessage): string | undefined {
  if (hasRepeatedHeader(rawHeaders)) return 'has a header twice that may come once'
  // RFC 9112 §3.2
  if (httpVersion === '1.1' && headers.host === undefined) return 'has no Host header'
}

function hasRepeatedHeader (rawHeaders: string[]): boolean {
  let seen = ''
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!singleHeaders.has(name)) continue
    if (seen.includes(`${name};`)) return true
    seen += `${name};`
  }
  return false
}
