import { isRecord } from '../lib/is-record.js'

/** A misspelt property of a policy's entry would lift the very restriction it was written for, so none passes unless the product says that it takes any. */
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
