import { answersOf, schemas } from './answers.js'
import type { Described } from './routes.js'

/** OpenAPI 3.1, whose schemas are JSON Schema: those of the routes stand in it as they are. https://spec.openapis.org/oas/v3.1.1 */
export function documentOf (routes: readonly Described[], mayAsk: (route: Described) => boolean) {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, mayAsk(route))
  return {
    openapi: '3.1.1',
    info: {
      title: 'twilio-token-broker',
      version: '1',
      description: 'Hands Twilio access tokens to web pages. x-allowed says of an operation whether the caller who reads this may ask for it.'
    },
    // Relative to this document, so right behind every proxy.
    servers: [{ url: './' }],
    security: [{ basic: [] }],
    paths,
    components: {
      securitySchemes: { basic: { type: 'http', scheme: 'basic', description: 'Name and password of a caller, in UTF-8 (RFC 7617).' } },
      schemas
    }
  }
}

function operation ({ path, method, summary, kind, product, answer, otherwise, body, query, credentialsInBody }: Described, allowed: boolean): object {
  const queries = Object.entries(query?.properties ?? {})
  return {
    operationId: `${method}${path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(product !== undefined && { tags: [product] }),
    ...(kind === 'anyone' ? { security: [] } : { 'x-allowed': allowed }),
    // By the one or, as the body has them, by none.
    ...(credentialsInBody && { security: [{ basic: [] }, {}] }),
    ...(queries.length > 0 && { parameters: queries.map(([name, schema]) => ({ name, in: 'query', schema })) }),
    ...(body !== undefined && { requestBody: { required: 'required' in body, content: { 'application/json': { schema: body } } } }),
    responses: answersOf(kind, answer, otherwise)
  }
}
