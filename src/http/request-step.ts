import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'

/**
 * One step in handling a request. Returns to pass the request on to the next step, throws to refuse it, or answers it with `reply`. Returns a promise
 * only if it has to wait.
 */
export type RequestStep = (request: FastifyRequest, reply: FastifyReply) => void | Promise<void>

/** Combines steps into a single hook: going from one Fastify hook to the next costs more than most steps. */
export function inOrder (steps: readonly RequestStep[]): onRequestHookHandler {
  return (request, reply, done) => {
    // Fastify takes a hook that ends with a falsy error for one that passes the request on.
    const fail = (error: unknown) => done(error instanceof Error ? error : new Error('a step of the request failed', { cause: error }))
    const runFrom = (first: number): void => {
      try {
        for (let i = first; i < steps.length && !reply.sent; i++) {
          const waiting = steps[i]!(request, reply)
          if (waiting === undefined) continue
          waiting.then(() => runFrom(i + 1), fail)
          return
        }
      } catch (error) {
        fail(error)
        return
      }
      if (!reply.sent) done()
    }
    runFrom(0)
  }
}
