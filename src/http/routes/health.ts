import type { FastifyInstance } from 'fastify'
import { Type } from '../../lib/typebox.js'

/** What a broker needs to hand out tokens. */
export interface Readiness {
  /** Parts without which no token can be had: `store`, `redis`, `audit`, `shutdown`. */
  missing: string[]
  /** Parts without which it goes on, worse: `redis` under `REDIS_DOWN=local`. */
  degraded: string[]
}

const degraded = Type.Array(Type.Literal('redis'), { description: 'without which it goes on, worse' })
const missing = Type.Array(Type.Enum(['store', 'redis', 'audit', 'shutdown']), { description: 'without which no token can be had' })

const schema = {
  summary: 'Whether it can give tokens',
  answer: Type.Object({ ready: Type.Literal(true), degraded }),
  otherwise: { 503: { says: 'It cannot.', schema: Type.Object({ ready: Type.Literal(false), missing, degraded }) } }
}

const alive = Type.Object({ alive: Type.Literal(true) })

export interface HealthOptions {
  readiness: () => Readiness
}

/** For load balancers: never limited, without credentials, and they tell no more than the parts' names. */
export function healthRoutes (scope: FastifyInstance, { readiness }: HealthOptions): void {
  scope.get('/healthz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema: { summary: 'Whether the process lives', answer: alive } }, async () => ({ alive: true }))
  scope.get('/readyz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema }, async (_request, reply) => {
    const { missing, degraded } = readiness()
    const ready = missing.length === 0
    reply.code(ready ? 200 : 503)
    return ready ? { ready, degraded } : { ready, missing, degraded }
  })
}
