import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { inOrder, type RequestStep } from './request-step.js'

type MakeStep<Parts> = (parts: Parts) => RequestStep

/** A step for each request of these scopes, or the setup of the scopes. Exactly one of the four is set. */
export interface PipelineStep<Scope, Parts> {
  for: Scope[]
  /** Runs before the body is read. */
  onRequest?: MakeStep<Parts>
  /** Runs once the body is parsed. */
  preValidation?: MakeStep<Parts>
  /** Runs once body and query are valid by the route's schemas. */
  preHandler?: MakeStep<Parts>
  setUp?: (scope: FastifyInstance, parts: Parts) => unknown
}

type AddHook = (scope: FastifyInstance, run: onRequestHookHandler) => unknown

const hooks = {
  onRequest: (scope, run) => scope.addHook('onRequest', run),
  preValidation: (scope, run) => scope.addHook('preValidation', run),
  preHandler: (scope, run) => scope.addHook('preHandler', run)
} satisfies Record<string, AddHook>

type Hook = keyof typeof hooks

/** Installs steps in a scope, in their order. Consecutive steps of one hook are installed as one. */
export async function installSteps<Parts> (
  scope: FastifyInstance,
  steps: ReadonlyArray<PipelineStep<unknown, Parts>>,
  parts: Parts
): Promise<void> {
  let row: RequestStep[] = []
  for (const [i, step] of steps.entries()) {
    await step.setUp?.(scope, parts)
    const hook = hookOf(step)
    if (hook === undefined) continue
    row.push(step[hook]!(parts))
    if (hookOf(steps[i + 1]) === hook) continue
    hooks[hook](scope, inOrder(row))
    row = []
  }
}

function hookOf (step: PipelineStep<unknown, never> | undefined): Hook | undefined {
  return (Object.keys(hooks) as Hook[]).find(hook => step?.[hook] !== undefined)
}
