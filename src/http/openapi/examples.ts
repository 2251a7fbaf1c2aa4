import { exampleOf } from '../../lib/example-of.js'

/** The media type's value in OpenAPI: a schema, with an example where it has one. */
export function withExample (schema: object): { schema: object, example?: unknown } {
  const example = exampleOf(schema)
  return { schema, ...(example !== undefined && { example }) }
}
