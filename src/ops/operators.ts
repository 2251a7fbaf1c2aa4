import type { FastifyInstance } from 'fastify'
import { problem } from '../problems.js'
import { noQuery } from '../product.js'
import type { Metrics } from './metrics.js'

export interface OperatorsOptions {
  /** Names of callers. */
  operators: ReadonlySet<string>
  metrics: Metrics
}

/** What only the operators may read, in a scope where callers have signed in already. */
export async function operatorsOnly (scope: FastifyInstance, { operators, metrics: { registry } }: OperatorsOptions): Promise<void> {
  scope.addHook('onRequest', async ({ caller }) => {
    if (!operators.has(caller!.name)) throw problem('not-allowed', { detail: 'This is for the operators of this broker, whom its setting OPERATORS lists.' })
  })

  const schema = { summary: 'Metrics, as Prometheus reads them', answer: { type: 'string' }, querystring: noQuery }
  scope.get('/metrics', { config: { kind: 'operators' }, schema }, async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
}
