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
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  patternProperties?: Record<string, Schema>
  items?: Schema
  $ref?: string
}

export interface Operation {
  summary?: string
  tags?: string[]
  'x-allowed'?: boolean
  security?: unknown[]
  parameters?: Array<{ name: string, schema: Schema }>
  requestBody?: { required: boolean, content: Record<string, { schema: Schema }> }
  responses: Record<string, { description: string, content?: Record<string, { schema: Schema }> }>
}

/** The broker's `openapi.json`. */
export interface Description {
  info: { title: string, description: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

/** A product that the caller may have. */
export interface Offer {
  name: string
  /** Of the product alone; those that all products share are in `shared`. */
  properties: Record<string, Schema>
  required: string[]
}

export interface Offers {
  products: Offer[]
  /** Properties of requests for every product. */
  shared: Record<string, Schema>
  /** Whether the caller may see the operators' view. */
  operator: boolean
}

/** Returns the products that are enabled and that the caller may have. */
export function offersOf ({ paths }: Description): Offers {
  const shared = bodyOf(paths['/token']?.post).properties ?? {}
  const own = (all: Record<string, Schema> = {}) => Object.fromEntries(Object.entries(all).filter(([name]) => !(name in shared)))
  return {
    products: Object.values(paths).flatMap(({ post }) => {
      const [name] = post?.tags ?? []
      if (name === undefined || post?.['x-allowed'] !== true) return []
      const { properties, required = [] } = bodyOf(post)
      return [{ name, properties: own(properties), required }]
    }),
    shared: Object.fromEntries(['identity', 'ttl'].flatMap(name => name in shared ? [[name, shared[name]!]] : [])),
    operator: paths['/operator.json']?.get?.['x-allowed'] === true
  }
}

function bodyOf (operation: Operation | undefined): Schema {
  return operation?.requestBody?.content['application/json']?.schema ?? {}
}
