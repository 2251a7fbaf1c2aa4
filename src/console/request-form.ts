import type { Allow, Bounds, Schema } from './available-products.js'
import { bounded } from './field-bounds.js'
import { fieldOf, type Field } from './fields.js'
import { durationInWords } from './schema-text.js'

export type { Field }

/**
 * The fields of a product.
 * @param allow what the caller's rule of the policy says of it
 */
export function fieldsOf (properties: Record<string, Schema>, required: string[] = [], allow: Allow = {}): Field[] {
  return Object.entries(properties).map(([name, schema]) => bounded(fieldOf(name, schema, required.includes(name)), allow))
}

/**
 * The fields that all products share.
 * @param products what the policy says of each that is picked
 */
export function sharedFieldsOf (
  properties: Record<string, Schema>,
  { ttl, maxTtl, identity, identities }: Bounds,
  products: Allow[]
): Field[] {
  const maximum = Math.min(maxTtl, ...products.map(({ maxTtl = Infinity }) => maxTtl))
  const { ttl: life, identity: name } = properties
  const fields: Field[] = []
  if (name !== undefined && identities.length > 0) {
    const others = identities.includes('*') ? 'any other' : identities.join(', ')
    fields.push({ ...fieldOf('identity', { ...name, description: `the name inside the token: your own, or ${others}` }, false), placeholder: identity })
  }
  if (life !== undefined) {
    const fallback = String(Math.min(ttl, maximum))
    fields.push({
      ...fieldOf('ttl', { ...life, maximum }, false),
      hint: ttlHint(life.minimum!, maximum),
      placeholder: fallback,
      policy: `seconds that the token lives, for you at most ${durationInWords(maximum)}; default: ${fallback}`
    })
  }
  return fields
}

/** In words as well: many seconds say little. */
function ttlHint (minimum: number, maximum: number): string {
  return `in seconds, ${minimum} to ${maximum}: ${durationInWords(minimum)} to ${durationInWords(maximum)}`
}

export interface Fault {
  /** JSON Pointer into the body. */
  path: string
  message: string
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

export interface TokenRequest {
  /** Below the broker's address. */
  path: string
  body: Record<string, unknown>
}

/** What the broker says is wrong with a property. @param product empty for what all share */
export function faultOf (errors: Fault[], product: string, name: string): string | undefined {
  return errors.find(({ path }) => path === `/${name}` || path === `/products/${product}/${name}`)?.message
}

/** The request that the form makes; undefined where nothing is picked, or what has to be JSON is not. */
export function requestOf (picked: Picked[], shared: Field[], typed: Typed): TokenRequest | undefined {
  try {
    return picked.length === 0 ? undefined : requestFor(picked, bodyOf(shared, typed))
  } catch {
    return undefined
  }
}

/**
 * The request for what is picked: the route of the one product, or that of several in one token.
 * @param shared what is asked for all of them
 * @throws SyntaxError as bodyOf
 */
export function requestFor (picked: Picked[], shared: Record<string, unknown>): TokenRequest {
  const bodies = picked.map(({ name, fields, typed }) => [name, bodyOf(fields, typed)] as const)
  const [one] = bodies
  return one !== undefined && bodies.length === 1
    ? { path: `token/${one[0]}`, body: { ...one[1], ...shared } }
    : { path: 'token', body: { products: Object.fromEntries(bodies), ...shared } }
}
