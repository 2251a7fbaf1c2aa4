/** The part of JSON Schema that forms are made from. */
export interface Schema {
  type?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  patternProperties?: Record<string, Schema>
  items?: Schema
  $ref?: string
}

/** What the policy says of a product for the caller: its own properties, and the longest life of a token that holds it. */
export type Allow = Record<string, unknown> & { maxTtl?: number }

/** What the caller may have, of whichever product. */
export interface Bounds {
  name: string
  /** Its own. */
  identity: string
  /** Seconds: what it gets, and what it may ask for. */
  ttl: number
  maxTtl: number
  /** Patterns of those that it may name besides its own. */
  identities: string[]
}

/** A body, or an answer, of one content type. */
export interface MediaType {
  schema: Schema
  example?: unknown
}

export interface Operation {
  summary?: string
  tags?: string[]
  'x-allowed'?: boolean
  'x-allow'?: Allow
  security?: unknown[]
  parameters?: Array<{ name: string, schema: Schema }>
  requestBody?: { required: boolean, content: Record<string, MediaType> }
  responses: Record<string, { description: string, content?: Record<string, MediaType> }>
}

/** The broker's `openapi.json`. */
export interface Description {
  info: { title: string, description: string }
  paths: Record<string, Record<string, Operation>>
  'x-caller': Bounds
  'x-demo'?: boolean
  components: { schemas: Record<string, Schema> }
}

/** A product that the caller may have. */
export interface Offer {
  name: string
  /** Of the product alone; those that all products share are in `shared`. */
  properties: Record<string, Schema>
  required: string[]
  allow: Allow
}

export interface Offers {
  products: Offer[]
  /** Properties of requests for every product. */
  shared: Record<string, Schema>
  /** Whether the caller may see the operators' view. */
  operator: boolean
  bounds: Bounds
  /** Whether Twilio will refuse the tokens. */
  demo: boolean
}

/** What people come for, first. */
const order = ['video', 'voice']
/** What hardly anybody may use any more. */
const last = ['chat']

/** Returns the products that are enabled and that the caller may have. */
export function offersOf ({ paths, ...description }: Description): Offers {
  const shared = bodyOf(paths['/token']?.post).properties ?? {}
  const own = (all: Record<string, Schema> = {}) => Object.fromEntries(Object.entries(all).filter(([name]) => !(name in shared)))
  return {
    products: Object.values(paths).flatMap(({ post }) => {
      const [name] = post?.tags ?? []
      if (name === undefined || post?.['x-allowed'] !== true) return []
      const { properties, required = [] } = bodyOf(post)
      return [{ name, properties: own(properties), required, allow: post['x-allow'] ?? {} }]
    }).sort((one, other) => rank(one) - rank(other)),
    shared: Object.fromEntries(['identity', 'ttl'].flatMap(name => name in shared ? [[name, shared[name]!]] : [])),
    operator: paths['/operator.json']?.get?.['x-allowed'] === true,
    bounds: description['x-caller'],
    demo: description['x-demo'] === true
  }
}

function rank ({ name }: Offer): number {
  if (last.includes(name)) return order.length + 1
  return order.includes(name) ? order.indexOf(name) : order.length
}

function bodyOf (operation: Operation | undefined): Schema {
  return operation?.requestBody?.content['application/json']?.schema ?? {}
}
