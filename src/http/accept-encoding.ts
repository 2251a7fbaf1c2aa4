import type { FastifyRequest } from 'fastify'

/** RFC 9110 §12.5.3, without its weights but for 0: all that a browser sends. */
export function accepts ({ headers }: FastifyRequest, encoding: string): boolean {
  const accepted = String(headers['accept-encoding'] ?? '').split(',').map(entry => entry.trim().split(/\s*;\s*/))
  return accepted.some(([name, weight]) => name === encoding && !/^q=0(\.0*)?$/.test(weight ?? ''))
}
