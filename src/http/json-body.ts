import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem } from '../problems.js'

/** Bytes. A token request is small; more is an attack or a mistake. */
const bodyLimit = 4096

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Nothing here reads a body, so none is parsed: Fastify would take one of a megabyte from anybody, and answer 500 to some. */
export function takeNoBody (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _content, done) => done(null))
}

/** JSON in UTF-8 and nothing else, without keys that reach for prototypes or strings that are no text. */
export function takeJsonOnly (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()

  scope.addHook('preParsing', (request, _reply, content, done) => {
    const { 'content-encoding': encoding, 'content-type': type } = request.headers
    // RFC 9110 §8.3: without content there is nothing whose type could be wrong.
    if (isEmpty(request)) {
      delete request.headers['content-type']
      return done()
    }
    // It asks for nothing. A room that stood there and was passed over would make a token for all rooms.
    if (request.method === 'GET') {
      comes(content).then(comes => done(comes ? withoutForm('a GET takes no body; send it by POST') : null))
      return
    }
    const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(type ?? '')?.[1]?.trim()
    if (encoding !== undefined || (charset !== undefined && !/^utf-?8$/i.test(charset))) throw problem('media-type')
    // Fastify takes a request of HTTP/2 for one without content where neither its type nor its length is told.
    if (type !== undefined) return done()
    comes(content).then(comes => done(comes ? problem('media-type') : null))
  })

  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit }, (request, body, done) => {
    if (body.length === 0) return done(null)
    let text: string
    try {
      text = utf8.decode(body as Buffer)
    } catch {
      return done(withoutForm('is not UTF-8'))
    }
    parse(request, text, (error, value: unknown) => {
      if (error) return done(withoutForm('is not JSON, or has a key that reaches for a prototype'))
      // Only an escape can bring them in: as bytes, the one is not UTF-8 and the other not JSON.
      if (text.includes('\\u') && !isText(value)) return done(withoutForm('holds a string with a NUL or half a surrogate pair'))
      done(null, value)
    })
  })
}

/** Whether the headers say that no content follows: in HTTP/2 by their frame, as a length may be left out there. */
function isEmpty ({ headers: { 'content-length': length, 'transfer-encoding': chunked }, raw }: FastifyRequest): boolean {
  const { stream } = raw as { stream?: ServerHttp2Stream }
  return stream === undefined ? chunked === undefined && (length === undefined || length === '0') : stream.endAfterHeaders
}

/** Whether there is any content after all. */
function comes (content: NodeJS.ReadableStream): Promise<boolean> {
  return new Promise(resolve => content.once('data', () => resolve(true)).once('close', () => resolve(false)).once('end', () => resolve(false)))
}

function withoutForm (message: string) {
  return problem('request-invalid', { errors: [{ path: '', message }] })
}

/** Whether all strings in it, keys included, are Unicode text without NUL. As deep as `bodyLimit` lets it be. */
function isText (value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  return !(typeof value === 'object' && value !== null) || Object.entries(value).every(pair => pair.every(isText))
}
