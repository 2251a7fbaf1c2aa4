import type { Allow } from './available-products.js'
import type { Field } from './fields.js'

/**
 * The field as the caller may really fill it in, by the policy's entry for its product. A property is bound by one of its own name or, as a
 * list, by its plural.
 */
export function bounded (field: Field, allow: Allow): Field {
  if (field.schema.type === 'boolean') return boundedFlag(field, allow)
  if (field.kind === 'pairs') return boundedPairs(field, allow[field.name])
  const names = allow[`${field.name}s`]
  return isList(names) ? boundedText(field, names) : field
}

/** Where one flag of a product is written, the others are forbidden. */
function boundedFlag (field: Field, allow: Allow): Field {
  const isBound = Object.values(allow).some(value => typeof value === 'boolean')
  return !isBound || allow[field.name] === true ? field : { ...field, choices: [], placeholder: 'no', hint: 'the policy does not allow it' }
}

/** One name is filled in by the broker; of several, one has to be named. */
function boundedText (field: Field, names: string[]): Field {
  const [only] = names
  if (only === undefined) return { ...field, hint: 'the policy allows none' }
  if (names.some(name => name.includes('*'))) return { ...field, required: true, placeholder: nameWithin(names), hint: `${names.join(' or ')}, where * is any text` }
  return { ...field, kind: 'choice', choices: names, required: names.length > 1, placeholder: names.length > 1 ? '' : only, hint: '' }
}

function boundedPairs (field: Field, values: unknown): Field {
  if (typeof values !== 'object' || values === null) return field
  const allowed = Object.entries(values).map(([name, patterns]) => `${name}=${String(patterns)}`)
  return { ...field, hint: `one name=value a line; allowed: ${allowed.join('; ')}` }
}

/** A name that one of these allows. */
export function nameWithin (names: string[]): string {
  return names.find(name => !name.includes('*')) ?? names[0]!.replaceAll('*', '1')
}

export function isList (value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}
