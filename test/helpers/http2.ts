import { connect, type ClientHttp2Session, type ClientSessionOptions, type OutgoingHttpHeaders } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import type { Answer, AnswerBody, Ask } from './http.js'

export type Answer2 = Omit<Answer, 'headers'> & { headers: Record<string, string> }

/** A session of HTTP/2 with a broker that has a certificate of its own making. */
export function session (url: string, options: ClientSessionOptions = {}): ClientHttp2Session {
  const opened = connect(url, { rejectUnauthorized: false, ...options } as ClientSessionOptions)
  // Tests look at what became of it.
  return opened.on('error', () => {})
}

/** One request in it, as `ask` sends over HTTP/1.1. Rejects when it is ended without an answer. */
export function askIn (session: ClientHttp2Session, { method = 'POST', path = '/token/video', as, headers = {}, body }: Ask = {}): Promise<Answer2> {
  const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent: OutgoingHttpHeaders = {
      ':method': method,
      ':path': path,
      ...(as !== undefined && { authorization: as }),
      ...(bytes !== undefined && { 'content-type': 'application/json' }),
      ...headers
    }
    // As in `ask`, an empty value takes a header away.
    for (const name of Object.keys(headers)) if (headers[name] === '') delete sent[name]
    const stream = session.request(sent, { endStream: bytes === undefined })
    if (bytes !== undefined) stream.end(bytes)
    let status = 0
    let received: Record<string, string> = {}
    let text = ''
    stream.on('response', ({ ':status': code, ...rest }) => {
      status = Number(code)
      received = rest as Record<string, string>
    })
    stream.on('data', chunk => { text += chunk })
    stream.on('error', reject)
    stream.on('close', () => {
      if (status === 0) return reject(new Error('ended without an answer'))
      const isJson = /json/.test(received['content-type'] ?? '') && text !== ''
      resolve({ status, headers: received, text, body: (isJson ? JSON.parse(text) : {}) as AnswerBody })
    })
  })
}

/** A frame of RFC 9113 §4.1. */
function frame (type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A request's headers as they are, which Node's client would not send: literals of RFC 7541 §6.2.2, up to 126 bytes each. */
export function headersFrame (headers: Array<[name: string, value: string]>, stream = 1): Buffer {
  const literal = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
  const block = headers.map(([name, value]) => Buffer.concat([Buffer.from([0]), literal(name), literal(value)]))
  const [endStream, endHeaders] = [1, 4]
  return frame(1, endStream | endHeaders, stream, Buffer.concat(block))
}

/** How much of an answer a stream may be sent before more is taken; 0 is nothing. RFC 9113 §6.5.2 */
export function windowSetting (bytes: number): Buffer {
  const setting = Buffer.alloc(6)
  setting.writeUInt16BE(4)
  setting.writeUInt32BE(bytes, 2)
  return frame(4, 0, 0, setting)
}

/** Takes some bytes of an answer; on stream 0 of the whole session. */
export function windowUpdate (bytes: number, stream: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frame(8, 0, stream, payload)
}

export const ping = frame(6, 0, 0, Buffer.alloc(8))

/** A session of HTTP/2 by hand: its preface and settings, then what `send` is given. It reads, and passes over, what it is answered. */
export function bareSession (url: string) {
  const { hostname, port } = new URL(url)
  const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  socket.on('error', () => {}).resume()
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))]))
  return { socket, send: (bytes: Buffer) => { socket.write(bytes) } }
}
