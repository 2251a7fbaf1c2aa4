import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { inOrder, type RequestStep } from './request-step.js'

type MakeStep<Parts> = (parts: Parts) => RequestStep

/** A step of each request of these scopes, or what sets the scopes up. One of the four stands there. */
export interface PipelineStep<Scope, Parts> {
  for: Scope[]
  /** Runs before the body is read. */
  onRequest?: MakeStep<Parts>
  /** Runs once the body is parsed. */
  preValidation?: MakeStep<Parts>
  /** Runs once body and query have the form that the route's schemas describe. */
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

/** Installs steps in a scope, in their order. Those that follow each other in one hook run as one. */
export async function installSteps<Parts> (scope: FastifyInstance, steps: ReadonlyArray<PipelineStep<unknown, Parts>>, parts: Parts): Promise<void> {
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
