import { METHODS, type IncomingMessage } from 'node:http'
import { problem } from '../problems.js'
import type { RequestStep } from './request-step.js'

/** Requests whose path cannot be decoded, so that the router would refuse it. They are routed below `/token`, which answers them. */
export const undecodablePaths = new WeakSet<IncomingMessage>()

/** The original methods of requests with an unknown method, which HTTP/2 allows. */
export const inventedMethods = new WeakMap<IncomingMessage, string>()

const methods = new Set(METHODS)

/**
 * Rewrites method and target so that the router accepts them: Fastify runs no hooks for others, so they would skip limits, CORS and audit.
 * HTTP/2 allows any method, and its CONNECT has no path. An unknown method becomes TRACE, which no route accepts.
 */
export function makeRoutable (request: IncomingMessage): void {
  if (!methods.has(request.method!)) {
    inventedMethods.set(request, request.method!)
    request.method = 'TRACE'
  }
  request.url = originForm(request.url ?? '/')
}

/**
 * Returns the path of a target in absolute form (RFC 9112 §3.2.2), as clients send it to proxies. Its host is neither used for routing nor
 * logged: it may contain a password.
 */
function originForm (url: string): string {
  if (url.startsWith('/')) return url
  const path = url.replace(/^https?:\/\/[^/?#]*\/?/i, '/')
  // For example the asterisk of OPTIONS, which the router would treat as the root.
  return path.startsWith('/') ? path : `/${path}`
}

export function rejectUndecodablePath (): RequestStep {
  return ({ raw }) => {
    if (undecodablePaths.has(raw)) throw problem('request-invalid', { errors: [{ path: '', message: 'the path does not decode' }] })
  }
}
