/** The part of JSON Schema that examples are made from. */
interface Exemplified {
  examples?: unknown[]
  const?: unknown
  properties?: Record<string, Exemplified>
  required?: string[]
}

/**
 * Returns an example of a JSON Schema: its first own example, or an object with the examples of its properties. Undefined if there is none,
 * or a required property has none.
 */
export function exampleOf ({ examples, const: constant, properties = {}, required = [] }: Exemplified): unknown {
  if (examples !== undefined) return examples[0]
  if (constant !== undefined) return constant
  const values = new Map(
    Object.entries(properties).map(([name, schema]) => [name, exampleOf(schema)] as const).filter(([, value]) => value !== undefined)
  )
  return values.size === 0 || required.some(name => !values.has(name)) ? undefined : Object.fromEntries(values)
}
