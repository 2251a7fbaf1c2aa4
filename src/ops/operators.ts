import type { FastifyInstance } from 'fastify'
import { guardScope, type GuardedOptions } from '../guarded.js'
import { problem } from '../problems.js'
import { noQuery } from '../product.js'
import type { Metrics } from './metrics.js'

export interface OperatorsOptions extends GuardedOptions {
  /** Names of callers. */
  operators: ReadonlySet<string>
  metrics: Metrics
}

/** What only the operators may read. They sign in as all callers do, under the same limits. */
export async function operatorsOnly (scope: FastifyInstance, options: OperatorsOptions): Promise<void> {
  const { operators, metrics: { registry } } = options
  await guardScope(scope, options, () => {})
  scope.addHook('onRequest', async ({ caller }) => {
    if (!operators.has(caller!.name)) throw problem('not-allowed', { detail: 'This is for the operators of this broker, whom its setting OPERATORS lists.' })
  })

  scope.get('/metrics', { schema: { querystring: noQuery } }, async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
}
