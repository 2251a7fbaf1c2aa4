import type { FastifyInstance } from 'fastify'
import type { TObject } from '../../lib/typebox.js'

/** Who may use a route, which decides the refusals that it can answer. */
export type Kind = 'anyone' | 'callers' | 'sessions' | 'tokens' | 'operators'

declare module 'fastify' {
  interface FastifySchema {
    /** A few words for OpenAPI. A route without a summary is not part of the API: pages, and routes that only refuse. */
    summary?: string
  }

  interface FastifyContextConfig {
    /** Default: `callers`, and `tokens` for a product's route. */
    kind?: Kind
  }
}

/** One route of the API. */
export interface RouteDescription {
  path: string
  method: string
  summary: string
  kind: Kind
  /** The schemas of answers that are no problems, by status. */
  response: Record<string, { description?: string }>
  body: TObject | undefined
  query: TObject | undefined
  /** The product whose tokens the route issues. */
  product: string | undefined
  credentialsInBody: boolean
  /** The names of the schemes that the route takes; undefined for all. */
  schemes: readonly string[] | undefined
}

/** Describes the routes that are registered after this, by the same schemas that validate their requests. */
export function collectRoutes (scope: FastifyInstance): readonly RouteDescription[] {
  const routes: RouteDescription[] = []
  scope.addHook('onRoute', ({ url, method, schema = {}, config = {} }) => {
    const { summary, response = {}, body, querystring } = schema
    // HEAD comes with GET.
    if (summary === undefined || method === 'HEAD') return
    const { product, credentialsInBody = false, schemes, kind = product === undefined ? 'callers' : 'tokens' } = config
    routes.push({
      path: url,
      method: String(method).toLowerCase(),
      summary,
      kind,
      product,
      credentialsInBody,
      schemes,
      response: response as RouteDescription['response'],
      body: body as TObject | undefined,
      query: querystring as TObject | undefined
    })
  })
  return routes
}
