import type { FastifyInstance } from 'fastify'
import { Type, type Static } from '../../lib/typebox.js'
import type { TypeBoxTypeProvider } from '../type-provider.js'

/** What a broker needs to hand out tokens, as far as it is away. */
const parts = Type.Object({
  missing: Type.Array(Type.Enum(['store', 'redis', 'audit', 'shutdown']), { description: 'without which no token can be had' }),
  degraded: Type.Array(Type.Literal('redis'), { description: 'without which it goes on, worse' })
})

export type Readiness = Static<typeof parts>

const { missing, degraded } = parts.properties

const schema = {
  summary: 'Whether it can give tokens',
  response: {
    200: Type.Object({ ready: Type.Literal(true), degraded }),
    503: Type.Object({ ready: Type.Literal(false), missing, degraded }, { description: 'It cannot.' })
  }
}

const alive = Type.Object({ alive: Type.Literal(true) })

export interface HealthOptions {
  readiness: () => Readiness
}

/** For load balancers: never limited, without credentials, and they tell no more than the parts' names. */
export function healthRoutes (scope: FastifyInstance, { readiness }: HealthOptions): void {
  const typed = scope.withTypeProvider<TypeBoxTypeProvider>()
  typed.get('/healthz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema: { summary: 'Whether the process lives', response: { 200: alive } } }, async () => ({ alive: true as const }))
  typed.get('/readyz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema }, async (_request, reply) => {
    const { missing, degraded } = readiness()
    const ready = missing.length === 0
    reply.code(ready ? 200 : 503)
    return ready ? { ready, degraded } : { ready, missing, degraded }
  })
}
