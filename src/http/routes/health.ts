import type { FastifyInstance } from 'fastify'
import { Type } from '../../lib/typebox.js'
import { readinessAnswer, readinessSchema, type Readiness } from '../../monitoring/readiness.js'
import type { TypeBoxTypeProvider } from '../type-provider.js'

const { missing, degraded } = readinessSchema.properties

const schema = {
  summary: 'Whether it can issue tokens',
  response: {
    200: Type.Object({ ready: Type.Literal(true, { description: 'true: it can issue tokens' }), degraded }),
    503: Type.Object({ ready: Type.Literal(false, { description: 'false: it cannot' }), missing, degraded }, { description: 'It cannot issue tokens.' })
  }
}

const alive = Type.Object({ alive: Type.Literal(true, { description: 'true: the process answers' }) })

export interface HealthOptions {
  readiness: () => Readiness
}

/** Serves health checks for load balancers, without credentials and limits. They reveal only which parts of the broker work. */
export function healthRoutes (scope: FastifyInstance, { readiness }: HealthOptions): void {
  const typed = scope.withTypeProvider<TypeBoxTypeProvider>()
  typed.get('/healthz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema: { summary: 'Whether the process lives', response: { 200: alive } } }, async () => ({ alive: true as const }))
  typed.get('/readyz', { exposeHeadRoute: true, config: { kind: 'anyone' }, schema }, async (_request, reply) => {
    const { status, body } = readinessAnswer(readiness())
    reply.code(status)
    return body
  })
}
