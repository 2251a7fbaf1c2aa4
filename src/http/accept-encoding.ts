import type { FastifyRequest } from 'fastify'

/** RFC 9110 §12.5.3. Ignores all weights but 0, as browsers send no others. */
export function accepts ({ headers }: FastifyRequest, encoding: string): boolean {
  const accepted = String(headers['accept-encoding'] ?? '').split(',').map(entry => entry.trim().split(/\s*;\s*/))
  return accepted.some(([name, weight]) => name === encoding && !/^q=0(\.0*)?$/.test(weight ?? ''))
}
