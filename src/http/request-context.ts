import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../callers/store.js'
import { problem, type Problem, type RefusalCode } from '../problems.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The product that the route gives tokens of. */
    product?: string
  }

  interface FastifyRequest {
    /** The address that asks: always an IP address. */
    address: string
    /** Set once the credentials are found right. */
    caller: Caller | null
    /** The name in the body's credentials, right or wrong. */
    claimedName: string | null
    /** The products that the request names, as far as there are such. */
    wanted: string[] | null
    /** The products that a token was given for. */
    granted: string[] | null
    /** The code of the answer, where it is a problem. */
    refusedAs: RefusalCode | null
  }
}

// RFC 9110 §5.3: these are no lists, so two of one cannot be joined, and proxies disagree on which of them counts.
const single = new Set(['host', 'authorization', 'content-type', 'content-length', 'content-encoding', 'origin'])

/** Sockets on which a request was refused as ambiguous or too large: what comes behind it may be smuggled. */
const poisoned = new WeakSet<object>()

/** Requests that the router refuses, as their path does not decode. They go into the guarded scope, which answers them. */
export const unroutable = new WeakSet<IncomingMessage>()

/**
 * Requests whose method HTTP has no such word for, as HTTP/2 lets through, and that word. The router has no tree for it, so that they would be answered
 * before any hook as well: to the router they are a TRACE, which no route takes.
 */
export const inventedMethods = new WeakMap<IncomingMessage, string>()

/** Of requests that came by way of an application in which the broker is embedded, what they are there. */
const applications = new WeakMap<IncomingMessage, FastifyRequest>()

/** Tells which request of an application this one is, before it is handled here. */
export function comesBy (application: FastifyRequest): void {
  applications.set(application.raw, application)
}

/** The application's own request, where the broker is embedded in one. */
export function outer (raw: IncomingMessage): FastifyRequest | undefined {
  return applications.get(raw)
}

/** What every request is given. */
export function admitRequests (scope: FastifyInstance): void {
  scope.decorateRequest('address', '')
  scope.decorateRequest('caller', null)
  scope.decorateRequest('claimedName', null)
  scope.decorateRequest('wanted', null)
  scope.decorateRequest('granted', null)
  scope.decorateRequest('refusedAs', null)

  scope.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    if (poisoned.has(socket)) {
      // Left without an answer: the socket closes once the refusal has gone out.
      reply.hijack()
      return
    }
    request.address = addressOf(request)
    const { product } = request.routeOptions.config
    if (product !== undefined) request.wanted = [product]
    reply.headers({
      'X-Request-Id': request.id,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin'
    })
    done()
  })
}

/** Bytes of a request line and its headers. The listener lets twice as much in, so that the refusal is an answer like any other. */
const headersMost = 16 * 1024

/** Lines. Node drops those beyond without a word, and with them the second of what may come once. */
const linesMost = 1000

/** Refuses what no route may see, preflights included. Comes once pages may read the answer. */
export function refuseMalformed (scope: FastifyInstance): void {
  scope.addHook('onRequest', ({ raw }, _reply, done) => {
    const refused = malformation(raw)
    if (refused !== undefined) poisoned.add(raw.socket)
    done(refused)
  })
}

function malformation (raw: IncomingMessage): Problem | undefined {
  const headers = { Connection: 'close' }
  const ambiguous = ambiguity(raw)
  if (ambiguous !== undefined) return problem('request-invalid', { errors: [{ path: '', message: ambiguous }], headers })
  return isTooLarge(raw) ? problem('headers-too-large', { headers }) : undefined
}

/** Its size is what Node counts: names, values and the path. */
function isTooLarge ({ url, rawHeaders }: IncomingMessage): boolean {
  let size = url!.length
  for (const text of rawHeaders) size += text.length
  return size >= headersMost || rawHeaders.length >= linesMost * 2
}

/**
 * Behind a trusted proxy Fastify takes whatever the header says for the address, an address or not. Which proxies to trust
 * is up to the application, where there is one.
 */
function addressOf (request: FastifyRequest): string {
  const { ip: told } = outer(request.raw) ?? request
  // A socket whose peer has hung up by now has no address any more.
  const address = isIP(told) !== 0 ? told : request.raw.socket.remoteAddress ?? '0.0.0.0'
  // The zone of an IPv6 address (`fe80::1%eth0`, RFC 4007) means nothing to others, and has any length.
  const ip = address.split('%', 1)[0]!
  return ip.startsWith('::ffff:') ? ip.replace(/^::ffff:(?=\d+\.)/, '') : ip
}

/** Whether nobody is there to take the answer. That of HTTP/2 tells it by its stream; one behind others on its socket, by the socket alone. */
export function hasHungUp ({ raw, request }: FastifyReply): boolean {
  return raw.destroyed || request.raw.socket.destroyed || (raw as { stream?: ServerHttp2Stream }).stream?.destroyed === true
}

/**
 * Aborted when the caller hangs up. Fastify's own signal is aborted when a body has been read to its end, which credentials in a body
 * always have, and not when its sender goes after that.
 */
export function hangUpOf (reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  if (hasHungUp(reply)) controller.abort()
  // It also comes behind an answer, when there is nothing left to end.
  reply.raw.once('close', () => { if (!reply.raw.writableEnded) controller.abort() })
  return controller.signal
}

/** Why proxies could take the request for another than it is. */
function ambiguity ({ httpVersion, headers, rawHeaders }: IncomingMessage): string | undefined {
  if (repeats(rawHeaders)) return 'has a header twice that may come once'
  // RFC 9112 §3.2
  if (httpVersion === '1.1' && headers.host === undefined) return 'has no Host header'
}

function repeats (rawHeaders: string[]): boolean {
  let seen = ''
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!single.has(name)) continue
    if (seen.includes(`${name};`)) return true
    seen += `${name};`
  }
  return false
}
