import type { FastifyInstance } from 'fastify'
import type { NameList } from '../../caller.js'
import { problem } from '../../problems.js'
import { noQuery } from '../../products/schemas.js'
import { Type } from '../../lib/typebox.js'
import type { History } from '../../monitoring/history.js'
import type { Metrics } from '../../monitoring/metrics.js'
import type { Readiness } from './health.js'

export interface OperatorsOptions {
  operators: NameList
  metrics: Metrics
  readiness: () => Readiness
  /** What the console shows; none is kept where nobody could look. */
  history: History | undefined
  /** Of every setting whether it is set. Values are nobody's to read. */
  given: Record<string, boolean>
}

/** What only the operators may read, in a scope where callers have signed in already. */
export async function operatorsOnly (scope: FastifyInstance, { operators, metrics, readiness, history, given }: OperatorsOptions): Promise<void> {
  scope.addHook('onRequest', async ({ caller }) => {
    if (!operators.has(caller!)) throw problem('not-allowed', { detail: 'This is for the operators of this broker, whom its setting OPERATORS lists.' })
  })

  const schema = { summary: 'Metrics, as Prometheus reads them', answer: { type: 'string' }, querystring: noQuery }
  scope.get('/metrics', { config: { kind: 'operators' }, schema }, async (_request, reply) => {
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })

  if (history === undefined) return
  scope.get<{ Querystring: { after?: string } }>('/operator.json', { config: { kind: 'operators' }, schema: console }, async ({ query: { after } }) => ({
    at: new Date().toISOString(),
    readiness: readiness(),
    gauges: metrics.now(),
    minutes: history.minutes(),
    reloads: metrics.lastReloads,
    settings: given,
    // Who knows a later one than this knew the broker before it started anew.
    lastEvent: history.count,
    events: history.events(Number(after ?? 0))
  }))
}

const console = {
  summary: 'The last hour, as the console shows it',
  answer: { type: 'object' },
  querystring: Type.Object({
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'the number of the last event that is known; only newer ones are answered' }))
  }, { additionalProperties: false })
}
