import type { Scheme } from '../scheme.js'
import { answersOf, schemas } from './answers.js'
import { withExample } from './examples.js'
import type { RouteDescription } from './routes.js'

/** An OpenAPI 3.1 document. Its schemas are JSON Schema, so the routes' own are used unchanged. https://spec.openapis.org/oas/v3.1.1 */
export function documentOf (
  routes: readonly RouteDescription[],
  schemes: readonly Scheme[],
  allowedOf: (route: RouteDescription) => object
) {
  const paths: Record<string, Record<string, object>> = {}
  const on = schemes.filter(({ isClosed }) => !isClosed).map(({ name }) => name)
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, on, allowedOf(route))
  return {
    openapi: '3.1.1',
    info: {
      title: 'twilio-token-broker',
      version: '1',
      description: 'Issues Twilio access tokens to web pages. x-allowed says whether the caller who reads this may call the operation, x-allow within which bounds of the policy, x-caller what holds for all products.'
    },
    // Relative to this document, so that it is right behind any proxy.
    servers: [{ url: './' }],
    paths,
    components: {
      securitySchemes: Object.assign({}, ...on.map(name => securitySchemes[name])),
      schemas
    }
  }
}

/** What each scheme needs to have: a session goes with a DPoP proof. */
const securitySchemes: Record<string, object> = {
  basic: { basic: { type: 'http', scheme: 'basic', description: 'Name and password of a caller, in UTF-8 (RFC 7617).' } },
  dpop: {
    session: { type: 'http', scheme: 'dpop', description: 'A session of POST /session (RFC 9449).' },
    proof: { type: 'apiKey', in: 'header', name: 'DPoP', description: 'A proof for this request, by the key that the session was opened with (RFC 9449).' }
  },
  bearer: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A token of the application\'s own identity provider (RFC 6750).' } },
  application: { application: { type: 'apiKey', in: 'header', name: 'X-Requested-With', description: 'Any text. For pages of the application that the broker is part of: the caller is the user who is signed in there, for example by a cookie.' } }
}

/** Each entry is one way to be let in. */
function securityOf ({ credentialsInBody }: RouteDescription, taken: readonly string[]): object[] {
  const needs = taken.map(name => Object.fromEntries(Object.keys(securitySchemes[name]!).map(part => [part, []])))
  // By one of them or, as the body has them, by none.
  return credentialsInBody ? [...needs, {}] : needs
}

function operation (route: RouteDescription, on: readonly string[], allowed: object): object {
  const { path, method, summary, kind, product, body, query, schemes = on } = route
  const taken = kind === 'anyone' ? [] : on.filter(name => schemes.includes(name))
  const queries = Object.entries(query?.properties ?? {})
  return {
    operationId: `${method}${path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(product !== undefined && { tags: [product] }),
    ...(kind !== 'anyone' && allowed),
    security: securityOf(route, taken),
    ...(queries.length > 0 && { parameters: queries.map(([name, schema]) => ({ name, in: 'query', schema })) }),
    ...(body !== undefined && { requestBody: { required: 'required' in body, content: { 'application/json': withExample(body) } } }),
    responses: answersOf(route, taken)
  }
}
