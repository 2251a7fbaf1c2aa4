import type { Schema } from './available-products.js'

/** What a value of the schema is, in words: `string`, `object of string`, `one of us1, ie1`. */
export function typeInWords ({ $ref, enum: list, const: constant, anyOf, type = 'anything', format, items, patternProperties }: Schema): string {
  if ($ref !== undefined) return nameOf($ref)
  if (constant !== undefined) return JSON.stringify(constant)
  if (list !== undefined) return `one of ${list.join(', ')}`
  if (anyOf !== undefined) return anyOf.map(typeInWords).join(' or ')
  if (items !== undefined) return `list of ${typeInWords(items)}`
  if (format === 'date-time') return 'date and time, ISO 8601'
  const [value] = Object.values(patternProperties ?? {})
  return value === undefined ? type : `object of ${typeInWords(value)} by name`
}

/** The name of what a reference is to. */
export function nameOf ($ref: string): string {
  return $ref.slice($ref.lastIndexOf('/') + 1)
}

/** Its bounds; undefined where there are none. */
export function boundsInWords ({ minimum, maximum, minLength, maxLength }: Schema): string | undefined {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  if (maxLength === undefined) return undefined
  return minLength === undefined ? `at most ${maxLength} characters` : `${minLength} to ${maxLength} characters`
}

/** Type and bounds. */
export function formInWords (schema: Schema): string {
  return [typeInWords(schema), boundsInWords(schema)].filter(part => part !== undefined).join(', ')
}

/** A whole number of the largest unit that fits: `90 minutes`, `24 hours`. */
export function durationInWords (seconds: number): string {
  const [size, unit] = seconds % 3600 === 0 ? [seconds / 3600, 'hour'] : seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second']
  return `${size} ${unit}${size === 1 ? '' : 's'}`
}
