import type { Description, MediaType, Operation, Schema } from './available-products.js'

/** One operation of the API, as its reference shows it. */
export interface Entry {
  id: string
  method: string
  path: string
  operation: Operation
  body: MediaType | undefined
  answers: Array<{ status: string, description: string, type: string | undefined, content: MediaType | undefined }>
  refusals: Array<{ status: string, code: string, says: string }>
}

/** The operations of one address. */
export interface Tab {
  /** The product; empty where the route has none. */
  name: string
  entries: Entry[]
}

/** One address of the API, or several that differ in the product alone. */
export interface Route {
  id: string
  path: string
  tabs: Tab[]
}

/** Every route. @param products whose tabs come first, in their order */
export function routesOf ({ paths }: Description, products: string[]): Route[] {
  const routes = new Map<string, Route>()
  for (const [path, operations] of Object.entries(paths)) {
    const entries = Object.entries(operations).map(([method, operation]) => entryOf(path, method, operation))
    const name = entries[0]?.operation.tags?.[0] ?? ''
    const shown = name === '' ? path : path.replace(/[^/]+$/, '{product}')
    const route = routes.get(shown) ?? { id: idOf(shown), path: shown, tabs: [] }
    route.tabs.push({ name, entries })
    routes.set(shown, route)
  }
  const place = ({ name }: Tab) => products.includes(name) ? products.indexOf(name) : products.length
  for (const { tabs } of routes.values()) tabs.sort((one, other) => place(one) - place(other))
  return [...routes.values()].sort((one, other) => rank(one) - rank(other))
}

/** What most readers come for. */
const firstPaths = ['/token/{product}', '/token', '/session']

function rank ({ path }: Route): number {
  return firstPaths.includes(path) ? firstPaths.indexOf(path) : firstPaths.length
}

function idOf (path: string): string {
  return path.replaceAll(/[{}]/g, '').slice(1).replaceAll('/', '-')
}

const PROBLEM = 'application/problem+json'

function entryOf (path: string, method: string, operation: Operation): Entry {
  const responses = Object.entries(operation.responses)
  return {
    id: `${method}-${idOf(path)}`,
    method: method.toUpperCase(),
    path,
    operation,
    body: operation.requestBody?.content['application/json'],
    answers: responses.filter(([, { content }]) => content?.[PROBLEM] === undefined).map(([status, { description, content = {} }]) => {
      const [[type, media] = []] = Object.entries(content)
      return { status, description, type, content: media }
    }),
    refusals: responses.filter(([, { content }]) => content?.[PROBLEM] !== undefined).flatMap(([status, { description }]) => description.split('\n').map(line => {
      const [code = '', says = ''] = line.split(/: (.*)/)
      return { status, code, says }
    }))
  }
}

/** Finds the route and the product that a link is to: `token-product`, or one operation such as `post-token-video`. */
export function routeAt (routes: Route[], at: string): { route: Route, name: string | undefined } | undefined {
  for (const route of routes) {
    if (route.id === at) return { route, name: undefined }
    const tab = route.tabs.find(({ entries }) => entries.some(({ id }) => id === at))
    if (tab !== undefined) return { route, name: tab.name }
  }
  return undefined
}

/** Who may ask. */
export function whoInWords ({ security, ...operation }: Operation): string {
  if (security?.length === 0) return 'Anyone may call this, without credentials.'
  return operation['x-allowed'] === true ? 'You may call this.' : 'You may not call this.'
}

/** Whether the page can send it as the signed-in caller: what answers JSON, and tokens. */
export function isSendable ({ method, path, operation: { security, ...operation }, answers }: Entry): boolean {
  const allowed = security?.length === 0 || operation['x-allowed'] === true
  return allowed && answers[0]?.type === 'application/json' && (method === 'GET' || path.startsWith('/token'))
}

/** Whether it needs a DPoP proof (RFC 9449) in any case: curl makes none. */
export function needsProof ({ path }: Entry): boolean {
  return path === '/session'
}

export interface Property {
  /** `products.video.room`, `errors[].path` */
  path: string
  schema: Schema
  required: boolean
}

/** The properties of a schema, each followed by those inside it. */
export function propertiesOf ({ properties = {}, required = [] }: Schema, prefix = ''): Property[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = prefix + name
    return [
      { path, schema, required: required.includes(name) },
      ...propertiesOf(schema, `${path}.`),
      ...schema.items === undefined ? [] : propertiesOf(schema.items, `${path}[].`)
    ]
  })
}
