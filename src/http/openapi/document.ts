import { answersOf, schemas } from './answers.js'
import type { RouteDescription } from './routes.js'

/** An OpenAPI 3.1 document. Its schemas are JSON Schema, so the routes' own are used unchanged. https://spec.openapis.org/oas/v3.1.1 */
export function documentOf (routes: readonly RouteDescription[], mayAsk: (route: RouteDescription) => boolean) {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, mayAsk(route))
  return {
    openapi: '3.1.1',
    info: {
      title: 'twilio-token-broker',
      version: '1',
      description: 'Issues Twilio access tokens to web pages. x-allowed says whether the caller who reads this may call the operation.'
    },
    // Relative to this document, so that it is right behind any proxy.
    servers: [{ url: './' }],
    security: [{ basic: [] }],
    paths,
    components: {
      securitySchemes: { basic: { type: 'http', scheme: 'basic', description: 'Name and password of a caller, in UTF-8 (RFC 7617).' } },
      schemas
    }
  }
}

function operation ({ path, method, summary, kind, product, response, body, query, credentialsInBody }: RouteDescription, allowed: boolean): object {
  const queries = Object.entries(query?.properties ?? {})
  return {
    operationId: `${method}${path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(product !== undefined && { tags: [product] }),
    ...(kind === 'anyone' ? { security: [] } : { 'x-allowed': allowed }),
    // Credentials in the body are no security scheme of OpenAPI, so the empty one stands for them.
    ...(credentialsInBody && { security: [{ basic: [] }, {}] }),
    ...(queries.length > 0 && { parameters: queries.map(([name, schema]) => ({ name, in: 'query', schema })) }),
    ...(body !== undefined && { requestBody: { required: 'required' in body, content: { 'application/json': { schema: body } } } }),
    responses: answersOf(kind, response)
  }
}
