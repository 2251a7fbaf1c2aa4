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
  schema: Schema
}

export function fieldsOf (properties: Record<string, Schema>, required: string[] = []): Field[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name, kind: kindOf(schema), hint: hintOf(schema), required: required.includes(name), choices: choicesOf(schema), schema
  }))
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

const forms: Partial<Record<Field['kind'], string>> = { pairs: 'one name=value a line', json: 'as JSON' }

/** The schema's own words, and its bounds. */
function hintOf (schema: Schema): string {
  return [schema.description, forms[kindOf(schema)], boundsInWords(schema)].filter(part => part !== undefined).join(', ')
}

/** What was typed, by property; empty is not asked. */
export type Typed = Record<string, string>

/**
 * The body that the fields make.
 * @throws SyntaxError for what is no JSON
 */
export function bodyOf (fields: Field[], typed: Typed): Record<string, unknown> {
  return Object.fromEntries(fields.flatMap(({ name, kind, schema }) => {
    const text = typed[name] ?? ''
    return text === '' ? [] : [[name, valueOf(kind, schema, text)]]
  }))
}

function valueOf (kind: Field['kind'], { type }: Schema, text: string): unknown {
  if (kind === 'number') return Number(text)
  if (kind === 'pairs') return Object.fromEntries(text.split('\n').filter(line => line.trim() !== '').map(pairOf))
  if (kind === 'json') return JSON.parse(text)
  return type === 'boolean' ? text === 'true' : text
}

function pairOf (line: string): [string, string] {
  const at = line.indexOf('=')
  return at === -1 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}

export interface Picked {
  name: string
  fields: Field[]
  typed: Typed
}

/**
 * The request for what is picked: the route of the one product, or that of several in one token.
 * @param shared what is asked for all of them
 * @throws SyntaxError as bodyOf
 */
export function requestFor (picked: Picked[], shared: Record<string, unknown>): { path: string, body: Record<string, unknown> } {
  const bodies = picked.map(({ name, fields, typed }) => [name, bodyOf(fields, typed)] as const)
  const [one] = bodies
  return one !== undefined && bodies.length === 1
    ? { path: `token/${one[0]}`, body: { ...one[1], ...shared } }
    : { path: 'token', body: { products: Object.fromEntries(bodies), ...shared } }
}
