import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import type { NameList } from '../../caller.js'
import { problem } from '../../problems.js'
import { noQuery } from '../../products/schemas.js'
import { Type } from '../../lib/typebox.js'
import type { History } from '../../monitoring/history.js'
import type { Metrics } from '../../monitoring/metrics.js'
import type { Readiness } from './health.js'

export interface OperatorOptions {
  operators: NameList
  metrics: Metrics
  readiness: () => Readiness
  /** What the console shows; none is kept where nobody could look. */
  history: History | undefined
  /** Of every setting whether it is set. Values are nobody's to read. */
  given: Record<string, boolean>
}

export function requireOperator ({ operators }: { operators: NameList }): onRequestHookHandler {
  return ({ caller }, _reply, done) => {
    done(operators.has(caller!) ? undefined : problem('not-allowed', { detail: 'This is for the operators of this broker, whom its setting OPERATORS lists.' }))
  }
}

/** What only operators may read. */
export function operatorRoutes (scope: FastifyInstance, { metrics, readiness, history, given }: OperatorOptions): void {
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
