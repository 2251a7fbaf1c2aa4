import type { FastifyInstance } from 'fastify'
import { problem } from './problems.js'

/** Bytes. A token request is small; more is an attack or a mistake. */
const bodyLimit = 4096

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JSON in UTF-8 and nothing else, without keys that reach for prototypes or strings that are no text. */
export function takeJsonOnly (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()

  scope.addHook('preParsing', async request => {
    const { 'content-encoding': encoding, 'content-type': type, 'content-length': length, 'transfer-encoding': chunked } = request.headers
    // RFC 9110 §8.3: without content there is nothing whose type could be wrong.
    if (chunked === undefined && (length === undefined || length === '0')) {
      delete request.headers['content-type']
      return
    }
    const charset = /;\s*charset\s*=\s*"?([^";]*)/i.exec(type ?? '')?.[1]?.trim()
    if (encoding !== undefined || (charset !== undefined && !/^utf-?8$/i.test(charset))) throw problem('media-type')
  })

  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit }, (request, body, done) => {
    if (body.length === 0) return done(null)
    let text: string
    try {
      text = utf8.decode(body as Buffer)
    } catch {
      return done(notJson('is not UTF-8'))
    }
    parse(request, text, (error, value: unknown) => {
      if (error) return done(notJson('is not JSON, or has a key that reaches for a prototype'))
      // Only an escape can bring them in: as bytes, the one is not UTF-8 and the other not JSON.
      if (text.includes('\\u') && !isText(value)) return done(notJson('holds a string with a NUL or half a surrogate pair'))
      done(null, value)
    })
  })
}

function notJson (message: string) {
  return problem('request-invalid', { errors: [{ path: '', message }] })
}

/** Whether all strings in it, keys included, are Unicode text without NUL. As deep as `bodyLimit` lets it be. */
function isText (value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  return !(typeof value === 'object' && value !== null) || Object.entries(value).every(pair => pair.every(isText))
}

export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
