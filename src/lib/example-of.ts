/** The part of JSON Schema that examples are made from. */
interface Exemplified {
  examples?: unknown[]
  const?: unknown
  properties?: Record<string, Exemplified>
}

/** A value of a JSON Schema: its first example, or an object of the properties that have one. Undefined where there is none. */
export function exampleOf ({ examples, const: constant, properties = {} }: Exemplified): unknown {
  if (examples !== undefined) return examples[0]
  if (constant !== undefined) return constant
  const values = Object.entries(properties).map(([name, schema]) => [name, exampleOf(schema)] as const).filter(([, value]) => value !== undefined)
  return values.length === 0 ? undefined : Object.fromEntries(values)
}
