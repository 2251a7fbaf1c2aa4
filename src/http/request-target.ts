import { METHODS, type IncomingMessage } from 'node:http'
import { problem } from '../problems.js'
import type { RequestStep } from './request-step.js'

/** Requests whose path the router refuses, as it does not decode. They are routed below `/token`, which answers them. */
export const undecodablePaths = new WeakSet<IncomingMessage>()

/** The methods of requests whose method is no word of HTTP. HTTP/2 lets them through. */
export const inventedMethods = new WeakMap<IncomingMessage, string>()

const methods = new Set(METHODS)

/**
 * Makes a request's method and target known to the router: Fastify runs no hook for others, so they would skip limits, CORS
 * and audit. HTTP/2 lets any method through, and CONNECT has no path there. An invented method becomes TRACE, which no route takes.
 */
export function makeRoutable (request: IncomingMessage): void {
  if (!methods.has(request.method!)) {
    inventedMethods.set(request, request.method!)
    request.method = 'TRACE'
  }
  request.url = originForm(request.url ?? '/')
}

/**
 * The path of a target in absolute form (RFC 9112 §3.2.2), which proxies are sent. Its host is neither used for routing nor
 * logged: it may hold a password.
 */
function originForm (url: string): string {
  if (url.startsWith('/')) return url
  const path = url.replace(/^https?:\/\/[^/?#]*\/?/i, '/')
  // Such as the asterisk of OPTIONS, which the router would take for the root.
  return path.startsWith('/') ? path : `/${path}`
}

export function rejectUndecodablePath (): RequestStep {
  return ({ raw }) => {
    if (undecodablePaths.has(raw)) throw problem('request-invalid', { errors: [{ path: '', message: 'the path does not decode' }] })
  }
}
