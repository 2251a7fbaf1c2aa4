import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from 'fastify'

/**
 * One step in handling a request. Returns to pass the request on to the next step, throws to refuse it, or answers it with `reply`. Returns
 * a promise only if it has to wait.
 */
export type RequestStep = (request: FastifyRequest, reply: FastifyReply) => void | Promise<void>

/** Combines steps into a single hook: going from one Fastify hook to the next costs more than most steps. */
export function inOrder (steps: readonly RequestStep[]): onRequestHookHandler {
  return (request, reply, done) => runFrom(0, steps, request, reply, done)
}

function runFrom (
  first: number,
  steps: readonly RequestStep[],
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction
): void {
  try {
    for (let i = first; i < steps.length && !reply.sent; i++) {
      const waiting = steps[i]!(request, reply)
      if (waiting === undefined) continue
      waiting.then(() => runFrom(i + 1, steps, request, reply, done), (error: unknown) => done(asError(error)))
      return
    }
  } catch (error) {
    done(asError(error))
    return
  }
  if (!reply.sent) done()
}

/** Fastify takes a hook that ends with a falsy error for one that passes the request on. */
function asError (error: unknown): Error {
  return error instanceof Error ? error : new Error('a step of the request failed', { cause: error })
}
