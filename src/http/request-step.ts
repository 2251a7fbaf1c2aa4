import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'

/**
 * One step in handling a request. Returns to pass the request on to the next step, throws to refuse it, or answers it with `reply`. Returns a promise
 * only if it has to wait.
 */
export type RequestStep = (request: FastifyRequest, reply: FastifyReply) => void | Promise<void>

/** Combines steps into a single hook: going from one Fastify hook to the next costs more than most steps. */
export function inOrder (steps: readonly RequestStep[]): onRequestHookHandler {
  return (request, reply, done) => {
    const runFrom = (first: number): void => {
      try {
        for (let i = first; i < steps.length && !reply.sent; i++) {
          const waiting = steps[i]!(request, reply)
          if (waiting === undefined) continue
          waiting.then(() => runFrom(i + 1), done)
          return
        }
      } catch (error) {
        done(error as Error)
        return
      }
      if (!reply.sent) done()
    }
    runFrom(0)
  }
}
