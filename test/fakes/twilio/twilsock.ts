import { randomUUID } from 'node:crypto'
import type { Protocol } from './protocol.js'
import { rest, type RestRequest } from './rest.js'
import type { Product, Refusal } from './verify.js'

interface Header {
  id: string
  method: string
  token?: unknown
  metadata?: { type?: string }
  http_request?: RestRequest
}

/** The SDK says in the metadata of its first frame which one it is. */
const products: Record<string, Product> = { sync: 'sync', chat: 'chat', conversations: 'conversations' }

/** Twilsock names the end of a token and nothing else: every other fault is 20101. */
const codes: Record<number, number> = { 20104: 20104, 20157: 20104 }

/**
 * Twilsock, which Sync, Conversations and Chat share. Each frame has an id and is answered by a `reply` with the same.
 * `init` shows the first token, `update` each later one, `message` carries an HTTP request.
 */
export const twilsock: Protocol = (socket, { judge, enter }) => {
  const send = (header: object, payload = '') => socket.send(encode(header, payload))
  const reply = ({ id }: Header, code: number, status: string, more: object = {}, payload?: string) =>
    send({ method: 'reply', id, status: { code, status }, payload_type: 'application/json', ...more }, payload)
  const refuse = ({ id }: Header, { code, reason }: Refusal) =>
    send({ method: 'reply', id, status: { code: 401, status: 'UNAUTHORIZED', errorCode: codes[code] ?? 20101, description: reason } })

  let product: Product | undefined
  let identity = ''

  const frames: Record<string, (header: Header) => void> = {
    init (header) {
      product = products[header.metadata?.type ?? '']
      if (product === undefined) return reply(header, 400, 'UNKNOWN_CLIENT')
      const verdict = judge(product, 'init', header.token)
      if (!verdict.accepted) return refuse(header, verdict)
      identity = verdict.identity
      enter({
        product,
        identity,
        warning: 180_000,
        aboutToExpire: () => send({ method: 'client_update', id: randomUUID(), client_update_type: 'token_about_to_expire' }),
        expire: () => send({ method: 'close', id: randomUUID(), status: { code: 410, status: 'TOKEN_EXPIRED' } })
      })
      reply(header, 200, 'OK', {
        continuation_token: randomUUID(),
        continuation_token_status: { reissued: true },
        capabilities: ['client_update', 'offline_storage'],
        offline_storage: { data_sync: { storage_id: randomUUID() }, ip_messaging: { storage_id: randomUUID() } }
      })
    },
    update (header) {
      if (product === undefined) return reply(header, 400, 'UPDATE_BEFORE_INIT')
      const verdict = judge(product, 'update', header.token)
      if (!verdict.accepted) return refuse(header, verdict)
      reply(header, 200, 'OK')
    },
    message (header) {
      const answer = rest(header.http_request, identity)
      const http = answer === undefined ? { code: 404, status: 'NOT_FOUND' } : { code: 200, status: 'OK' }
      reply(header, 200, 'OK', { http_status: http, http_headers: {} }, JSON.stringify(answer ?? {}))
    },
    put_notification_ctx: (header) => reply(header, 200, 'OK'),
    delete_notification_ctx: (header) => reply(header, 200, 'OK')
  }

  socket.on('message', (data) => {
    const header = decode(String(data))
    frames[header.method]?.(header)
  })
}

/** `TWILSOCK V3.0 <bytes of the header> CRLF <header, JSON> CRLF <payload>`. */
function encode (header: object, payload: string) {
  const text = JSON.stringify({ ...header, payload_size: Buffer.byteLength(payload) })
  return Buffer.from(`TWILSOCK V3.0 ${Buffer.byteLength(text)}\r\n${text}\r\n${payload}`)
}

function decode (frame: string): Header {
  // JSON.stringify writes no line breaks, so the header is the second line.
  return JSON.parse(frame.split('\r\n', 2)[1] ?? '')
}
