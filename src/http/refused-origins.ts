import type { FastifyRequest } from 'fastify'
import { printable } from '../lib/printable.js'
import type { Lines } from '../limits/lines.js'
import type { Origins } from './origins.js'

/** Long enough for a real origin; bounds the log line that any client can cause. */
export const MAX_ORIGIN_CHARACTERS = 256

export interface RefusedOriginOptions {
  origins: Origins
  lines: Lines
}

/**
 * Logs the origin of a page that may not use the broker, and the setting that would allow it. Browsers tell the page's author hardly more
 * than that the request failed.
 */
export function logRefusedOrigin ({ headers: { origin }, log }: FastifyRequest, { origins, lines }: RefusedOriginOptions): void {
  if (origin === undefined || origins.has(origin)) return
  const shown = printable(origin, MAX_ORIGIN_CHARACTERS)
  if (lines.origins.take(shown) === undefined) return
  const advice = origin === 'null'
    ? 'a page without an origin is refused, such as a file or a sandboxed frame; serve it over http: or https:'
    : 'a page of this origin is refused; if it is yours, add the origin to CORS_ORIGINS, or set PUBLIC_URL if it is the address of the broker itself'
  log.warn({ origin: shown, skipped: lines.origins.skipped || undefined }, advice)
}
