import type { FastifyInstance } from 'fastify'
import type { TObject } from '../../lib/typebox.js'

/** Who may ask, and so what may befall them. */
export type Kind = 'anyone' | 'callers' | 'tokens' | 'operators'

declare module 'fastify' {
  interface FastifySchema {
    /** What the route is for, in a few words. A route without one is no part of the API: pages, and what answers other methods. */
    summary?: string
    /** The schema of the answer. Told, not enforced: what is enforced Fastify also rebuilds, for every request. */
    answer?: object
    /** The schemas of answers that are neither that nor a problem, by status, with what each means. */
    otherwise?: Record<number, { says: string, schema: object }>
  }

  interface FastifyContextConfig {
    /** Default: `callers`; that of a product's route is `tokens`. */
    kind?: Kind
  }
}

/** One route of the API. */
export interface Described {
  path: string
  method: string
  summary: string
  kind: Kind
  answer: object | undefined
  otherwise: Record<number, { says: string, schema: object }> | undefined
  body: TObject | undefined
  query: TObject | undefined
  /** The product that the route gives tokens of. */
  product: string | undefined
  credentialsInBody: boolean
}

/** The routes that are registered after this, with the very schemas by which their requests are validated. */
export function collectRoutes (scope: FastifyInstance): readonly Described[] {
  const routes: Described[] = []
  scope.addHook('onRoute', ({ url, method, schema = {}, config = {} }) => {
    const { summary, answer, otherwise, body, querystring } = schema
    // HEAD is told with GET.
    if (summary === undefined || method === 'HEAD') return
    const { product, credentialsInBody = false, kind = product === undefined ? 'callers' : 'tokens' } = config
    routes.push({
      path: url, method: String(method).toLowerCase(), summary, kind, product, answer, otherwise, body: body as TObject | undefined, query: querystring as TObject | undefined, credentialsInBody
    })
  })
  return routes
}
