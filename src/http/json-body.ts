import { isUtf8 } from 'node:buffer'
import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem } from '../problems.js'
import type { RequestStep } from './request-step.js'

/** A token request is small: a larger body is an attack or a mistake. */
const MAX_BODY_BYTES = 4096

/** Fastify's parser uses a callback; its type also allows a promise. */
type Parser = (request: FastifyRequest, text: string, done: (error: Error | null, value?: unknown) => void) => void

/**
 * Parses no body: only the token routes read one. Fastify's default would accept a megabyte from anybody, and answer 500 to some bodies.
 */
export function ignoreBody (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _content, done) => done(null))
}

/** Parses only JSON in UTF-8, without keys that pollute prototypes and without strings that are not Unicode text. */
export function requireJson (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()

  scope.addHook('preParsing', (request, _reply, content, done) => {
    const { 'content-encoding': encoding, 'content-type': type } = request.headers
    // RFC 9110 §8.3: without content, the content type does not matter.
    if (isEmpty(request)) {
      delete request.headers['content-type']
      return done()
    }
    // A GET requests the default token. Ignoring a room in its body would issue a token for all rooms.
    if (request.method === 'GET' || request.method === 'DELETE') {
      delete request.headers['content-type']
      hasContent(content).then(some => done(some ? invalidBody(`a ${request.method} takes no body; send it by POST`) : null), done)
      return
    }
    const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(type ?? '')?.[1]?.trim()
    if (encoding !== undefined || (charset !== undefined && !/^utf-?8$/i.test(charset))) throw problem('media-type')
    // Over HTTP/2, Fastify treats a request without type and length as one without content.
    if (type !== undefined) return done()
    hasContent(content).then(some => done(some ? problem('media-type') : null), done)
  })

  const parse = scope.getDefaultJsonParser('error', 'error') as Parser
  scope.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (request, body, done) => {
    if (body.length === 0) return done(null)
    if (!isUtf8(body as Buffer)) return done(invalidBody('is not UTF-8'))
    const text = body.toString()
    parse(request, text, (error, value: unknown) => {
      if (error) return done(invalidBody('is not JSON, or has a key that reaches for a prototype'))
      // Only escapes can produce these: as bytes, a lone surrogate is not UTF-8, and NUL is not JSON.
      if (text.includes('\\u') && !isText(value)) return done(invalidBody('holds a string with a NUL or half a surrogate pair'))
      done(null, value)
    })
  })
}

/** Treats a missing body as `{}`, which requests the default. */
export function defaultBody (): RequestStep {
  return request => {
    request.body ??= request.body === undefined ? {} : null
  }
}

/** Whether the headers say that no content follows. Over HTTP/2 the frame says it, because the length is optional. */
function isEmpty ({ headers: { 'content-length': length, 'transfer-encoding': chunked }, raw }: FastifyRequest): boolean {
  const { stream } = raw as { stream?: ServerHttp2Stream }
  return stream === undefined ? chunked === undefined && (length === undefined || length === '0') : stream.endAfterHeaders
}

/** Whether any content arrives. */
function hasContent (content: NodeJS.ReadableStream): Promise<boolean> {
  return new Promise(resolve => content.once('data', () => resolve(true)).once('close', () => resolve(false)).once('end', () => resolve(false)))
}

function invalidBody (message: string) {
  return problem('request-invalid', { errors: [{ path: '', message }] })
}

/** Whether all strings in a value, keys included, are Unicode text without NUL. The limit of a body's size bounds the depth. */
function isText (value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  return !(typeof value === 'object' && value !== null) || Object.entries(value).every(pair => pair.every(isText))
}
