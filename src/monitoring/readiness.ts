import { Type, type Static } from '../lib/typebox.js'

/** The parts of a broker that are not available. */
export const readinessSchema = Type.Object({
  missing: Type.Array(Type.Enum(['store', 'redis', 'audit', 'keys', 'shutdown']), { description: 'parts without which no token can be issued', examples: [['store']] }),
  degraded: Type.Array(Type.Literal('redis'), { description: 'parts whose absence makes it worse, but not unready', examples: [[]] })
}, { description: 'what is not available' })

/** A broker is ready if nothing is `missing`. */
export type Readiness = Static<typeof readinessSchema>

/** What `/readyz` answers. */
export function readinessAnswer ({ missing, degraded }: Readiness) {
  return missing.length === 0
    ? { status: 200, body: { ready: true, degraded } } as const
    : { status: 503, body: { ready: false, missing, degraded } } as const
}
