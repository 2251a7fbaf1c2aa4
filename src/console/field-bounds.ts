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

const FORBIDDEN = 'the policy does not allow it'
const NONE = 'the policy allows none'

/** Where one flag of a product is written, the others are forbidden. */
function boundedFlag (field: Field, allow: Allow): Field {
  const isBound = Object.values(allow).some(value => typeof value === 'boolean')
  return !isBound || allow[field.name] === true ? field : { ...field, choices: [], placeholder: 'no', hint: FORBIDDEN, policy: FORBIDDEN }
}

/** One name is filled in by the broker; of several, one has to be named. */
function boundedText (field: Field, names: string[]): Field {
  const [only] = names
  if (only === undefined) return { ...field, kind: 'choice', choices: [], placeholder: 'none', hint: NONE, policy: NONE }
  if (names.some(name => name.includes('*'))) {
    const hint = `${names.join(' or ')}, where * is any text`
    return { ...field, required: true, placeholder: nameWithin(names), hint, policy: hint }
  }
  const several = names.length > 1
  return {
    ...field,
    kind: 'choice',
    choices: names,
    required: several,
    placeholder: several ? '' : only,
    hint: '',
    policy: several ? 'what the policy allows you' : `the only one that the policy allows you; default: ${only}`
  }
}

function boundedPairs (field: Field, values: unknown): Field {
  if (typeof values !== 'object' || values === null) return field
  const allowed = `allowed: ${Object.entries(values).map(([name, patterns]) => `${name}=${String(patterns)}`).join('; ')}`
  return { ...field, hint: `one name=value a line; ${allowed}`, policy: [field.schema.description, allowed].filter(Boolean).join('; ') }
}

/** A name that one of these allows. */
export function nameWithin (names: string[]): string {
  return names.find(name => !name.includes('*')) ?? names[0]!.replaceAll('*', '1')
}

export function isList (value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}
