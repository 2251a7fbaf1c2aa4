import { isRecord } from '../lib/is-record.js'

/**
 * Makes a schema refuse unknown properties, unless the product allows them: a misspelt property in a policy would lift the restriction it
 * was written for.
 */
export function closed (schema: object): object {
  const { type, properties, patternProperties, items } = schema as { [keyword: string]: unknown }
  return {
    ...schema,
    ...(type === 'object' && !('additionalProperties' in schema) && { additionalProperties: false }),
    ...(isRecord(properties) && { properties: each(properties) }),
    ...(isRecord(patternProperties) && { patternProperties: each(patternProperties) }),
    ...(isRecord(items) && { items: closed(items) })
  }
}

function each (schemas: object): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]: [string, object]) => [name, closed(schema)]))
}
