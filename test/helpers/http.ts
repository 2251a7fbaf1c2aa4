import { request as send, type IncomingHttpHeaders } from 'node:http'
import { request as sendSecurely } from 'node:https'
import { connect } from 'node:net'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON. */
  body: AnswerBody
}

export interface AnswerBody {
  token: string
  identity: string
  expiresIn: number
  expiresAt: string
  products: string[]
  code: string
  detail: string
  errors: Array<{ path: string, message: string }>
  requestId: string
  [property: string]: unknown
}

export interface Ask {
  method?: string
  path?: string
  /** The Authorization header; none without it. */
  as?: string | undefined
  headers?: Record<string, string | string[]>
  /** Sent as it is when a string or bytes, else as JSON. */
  body?: unknown
  /** The address that it comes from, one of 127.0.0.0/8. */
  from?: string
}

/** One request, as it is: nothing is normalised or followed. */
export function ask (url: string, { method = 'POST', path = '/token/video', as, headers = {}, body, from }: Ask = {}): Promise<Answer> {
  // An empty value takes a header away.
  const without = Object.keys(headers).filter(name => headers[name] === '')
  const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const { hostname, port, protocol } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? sendSecurely : send)({
      // Tests make their own certificates.
      rejectUnauthorized: false,
      hostname,
      port,
      method,
      path,
      agent: false,
      ...(from !== undefined && { localAddress: from }),
      headers: {
        ...(as !== undefined && { Authorization: as }),
        ...(bytes !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(bytes) }),
        ...headers
      }
    }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== ''
        resolve({ status: response.statusCode!, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} })
      })
    })
    for (const name of without) request.removeHeader(name)
    request.on('error', reject)
    request.end(bytes)
  })
}

/** Bytes on a socket of their own. Resolves with all that came back once the broker closes it, or `until` is found. */
export function raw (url: string, bytes: string | Buffer, until?: RegExp): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    let text = ''
    socket.on('data', chunk => {
      text += chunk
      if (until?.test(text)) socket.destroy()
    })
    socket.on('error', error => text === '' ? reject(error) : resolve(text))
    socket.on('close', () => resolve(text))
  })
}
