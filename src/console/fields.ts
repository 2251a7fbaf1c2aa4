import type { Schema } from './available-products.js'
import { boundsInWords } from './schema-text.js'

/** How a property is asked for. */
export interface Field {
  name: string
  kind: 'text' | 'number' | 'choice' | 'pairs' | 'json'
  hint: string
  required: boolean
  /** For a choice: what may be chosen, besides nothing. */
  choices: string[]
  /** What the caller gets where it asks for nothing, or an example. */
  placeholder: string
  /** What the policy leaves of it to the caller, in words. */
  policy?: string
  schema: Schema
}

/** The field of a property, by its schema alone. */
export function fieldOf (name: string, schema: Schema, required: boolean): Field {
  return { name, kind: kindOf(schema), hint: hintOf(schema), required, choices: choicesOf(schema), placeholder: '', schema }
}

function kindOf (schema: Schema): Field['kind'] {
  if (choicesOf(schema).length > 0) return 'choice'
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'string') return 'text'
  return schema.patternProperties !== undefined && Object.values(schema.patternProperties).every(({ type }) => type === 'string') ? 'pairs' : 'json'
}

function choicesOf ({ type, enum: list, anyOf }: Schema): string[] {
  if (type === 'boolean') return ['true', 'false']
  const constants = anyOf?.every(one => typeof one.const === 'string') ? anyOf.map(one => one.const) : []
  return (list ?? constants).map(String)
}

/** An input keeps to lengths by itself. */
function boundsOf ({ minimum, maximum }: Schema): string | undefined {
  return boundsInWords({ minimum, maximum })
}

const forms: Partial<Record<Field['kind'], string>> = { pairs: 'one name=value a line', json: 'as JSON' }

/** The schema's own words, and its bounds. */
function hintOf (schema: Schema): string {
  return [schema.description, forms[kindOf(schema)], boundsOf(schema)].filter(part => part !== undefined).join(', ')
}
