import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { problem, problemBody } from '../problems.js'

const STATUSES: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Answers what Node's parser refuses. There is no request object, so the answer is written to the socket, which is then closed. */
export function answerUnparsable (error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status = STATUSES[error.code!] ?? 400
  const body = status === 431 ? JSON.stringify(problemBody(problem('headers-too-large'), randomUUID())) : ''
  socket.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...(body === '' ? [] : ['Content-Type: application/problem+json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '', body
  ].join('\r\n'))
}
