import type { IncomingMessage } from 'node:http'
import { problem, type Problem } from '../problems.js'
import { closeSocket } from './closing-sockets.js'
import type { RequestStep } from './request-step.js'

/** Bytes of a request line and its headers. The listener lets twice as much in, so that the refusal is an answer like any other. */
const MAX_HEADER_BYTES = 16 * 1024

/** Node silently drops the header lines beyond, and with them the second of what may come once. */
const MAX_HEADER_LINES = 1000

// RFC 9110 §5.3: these are no lists, so two of one cannot be joined, and proxies disagree on which of them counts.
const singleHeaders = new Set(['host', 'authorization', 'content-type', 'content-length', 'content-encoding', 'origin', 'dpop'])

/** Refuses what no route may see, preflights included, and closes the socket. Runs after CORS, so that pages can read the answer. */
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

/** Counts as Node does: names, values and the path. */
function isTooLarge ({ url, rawHeaders }: IncomingMessage): boolean {
  let size = url!.length
  for (const text of rawHeaders) size += text.length
  return size >= MAX_HEADER_BYTES || rawHeaders.length >= MAX_HEADER_LINES * 2
}

/** Why a proxy could read another request than the broker does. */
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
