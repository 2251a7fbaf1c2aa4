import type { FastifyInstance } from 'fastify'
import type { NameList } from '../../caller.js'
import type { Lock, LockedNames } from '../../callers/locked-names.js'
import { problem } from '../../problems.js'
import { noQuery } from '../../products/schemas.js'
import { Type } from '../../lib/typebox.js'
import type { History } from '../../monitoring/history.js'
import type { Metrics } from '../../monitoring/metrics.js'
import { operatorDataSchema, type OperatorData } from '../../monitoring/operator-data.js'
import type { Readiness } from '../../monitoring/readiness.js'
import type { Mint } from '../../tokens/mint.js'
import type { TypeBoxTypeProvider } from '../type-provider.js'
import type { RequestStep } from '../request-step.js'

export interface OperatorOptions {
  operators: NameList
  metrics: Metrics
  readiness: () => Readiness
  /** The data for the console; undefined if nobody may see it. */
  history: History | undefined
  lockedNames: Pick<LockedNames, 'list'>
  mint: Mint
  /** Whether each setting is set. */
  given: Record<string, boolean>
  /** The values of settings that hold no secret. */
  shown: OperatorData['values']
}

export function requireOperator ({ operators }: { operators: NameList }): RequestStep {
  return ({ caller }) => {
    if (!operators.has(caller!)) throw problem('not-allowed', { detail: 'Only operators may read this. The setting OPERATORS lists them.' })
  }
}

/** Serves what only operators may read. */
export function operatorRoutes (
  scope: FastifyInstance,
  { metrics, readiness, history, lockedNames, mint, given, shown }: OperatorOptions
): void {
  const schema = { summary: 'Metrics in the format of Prometheus', response: { 200: Type.String() }, querystring: noQuery }
  // Not with a session: a scraper has a password.
  scope.get('/metrics', { config: { kind: 'operators', schemes: ['basic'] }, schema }, async (_request, reply) => {
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })

  if (history === undefined) return
  scope.withTypeProvider<TypeBoxTypeProvider>().get('/operator.json', { config: { kind: 'operators' }, schema: console }, async ({ query: { after } }) => {
    const at = new Date()
    return {
      at: at.toISOString(),
      readiness: readiness(),
      gauges: metrics.now(),
      reloads: metrics.lastReloads,
      locked: lockedAt(at, lockedNames.list(), mint),
      settings: given,
      values: shown,
      ...history.data(at, Number(after ?? 0))
    }
  })
}

const MAX_LOCKED = 20

/** Shows an unknown name only as its keyed hash, as the audit does: people type passwords in its place. */
function lockedAt (at: Date, locks: Lock[], mint: Mint): OperatorData['locked'] {
  return {
    names: new Set(locks.map(({ canonicalName }) => canonicalName)).size,
    locks: locks.slice(0, MAX_LOCKED).map(({ name, canonicalName, address, leftMs }) => ({
      caller: name ?? `hmac:${mint.hashName(canonicalName)}`,
      address,
      until: new Date(at.getTime() + leftMs).toISOString()
    }))
  }
}

const console = {
  summary: 'What the console shows operators: the last 24 hours of this node',
  response: { 200: operatorDataSchema },
  querystring: Type.Object({
    after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'the number of the last event that the page has; the answer lists newer ones' }))
  }, { additionalProperties: false })
}
