import { isRecord } from '../lib/is-record.js'
import { isRegion, regions } from '../lib/twilio-limits.js'

/** Says what is wrong with a field's value, or undefined. */
type Check = (value: unknown) => string | undefined

interface Field {
  optional?: true
  check: Check
}

/** Every field of a definition: a row each. */
export const fields: Record<string, Field> = {
  name: { check: value => typeof value === 'string' && /^[a-z][a-z0-9-]*$/.test(value) ? undefined : 'must start with a letter and have lower-case letters, digits and dashes only' },
  settings: { check: value => objectSchema(value) ?? beside(value) ?? settingNames(value) },
  request: { check: value => objectSchema(value) ?? beside(value) ?? brokersOwn(value) },
  allow: { check: value => objectSchema(value) ?? lifeOfItsOwn(value) },
  identity: { optional: true, check: identityRule },
  regions: { optional: true, check: regionList },
  defersGrant: { optional: true, check: flag },
  yields: { optional: true, check: flag },
  grant: { check: syncFunction }
}

/**
 * Checks a definition, which may be of any form in JavaScript. Otherwise a mistake would show only at the first request, or never.
 * @throws TypeError that names the product and each field at fault
 */
export function checkDefinition (definition: unknown): void {
  if (!isRecord(definition)) throw new TypeError('defineProduct() takes an object with name, settings, request, allow and grant')
  const known = Object.entries(fields).flatMap(([field, { optional, check }]) => {
    const value = definition[field]
    if (value === undefined) return optional ? [] : [`${field} is missing`]
    const mistake = check(value)
    return mistake === undefined ? [] : [`${field} ${mistake}`]
  })
  const unknown = Object.keys(definition).filter(field => !Object.hasOwn(fields, field)).map(field => `${field} is not a field; there are ${Object.keys(fields).join(', ')}`)
  const mistakes = [...known, ...unknown]
  if (mistakes.length > 0) throw new TypeError(`product ${nameOf(definition)}: ${mistakes.join('; ')}`)
}

function nameOf ({ name }: Record<string, unknown>): string {
  return typeof name === 'string' && name !== '' ? name : 'without a name'
}

function objectSchema (value: unknown): string | undefined {
  if (!isRecord(value) || value.type !== 'object' || !isRecord(value.properties)) return 'must be a Type.Object({ … })'
  const { properties, required = [] } = value
  if (!Array.isArray(required)) return 'must have a list of names in required'
  const stranger: unknown = required.find(name => !Object.hasOwn(properties, name as string))
  return stranger === undefined ? undefined : `requires ${String(stranger)}, which is none of its properties`
}

const annotations = new Set(['$id', '$schema', '$comment', 'title', 'description', 'examples'])
const taken = new Set(['type', 'properties', 'required', ...annotations])

/** The broker builds other schemas from the properties, which would lose other keywords of the object. */
function beside (value: unknown): string | undefined {
  const lost = Object.entries(value as object).find(([keyword, says]) => !taken.has(keyword) && !(keyword === 'additionalProperties' && says === false))
  return lost === undefined ? undefined : `cannot have ${lost[0]} beside its properties; check it in grant, or in a property`
}

function propertyNames (value: unknown): string[] {
  return Object.keys((value as { properties: object }).properties)
}

function settingNames (value: unknown): string | undefined {
  const odd = propertyNames(value).filter(name => !/^[A-Z][A-Z0-9_]*$/.test(name))
  return odd.length === 0 ? undefined : `must have names in capital letters, digits and _; ${odd.join(', ')} has others`
}

/** Properties of a request's body. */
const brokerProperties = ['ttl', 'identity', 'products', 'username', 'password']

function brokersOwn (value: unknown): string | undefined {
  const own = propertyNames(value).filter(name => brokerProperties.includes(name))
  return own.length === 0 ? undefined : `cannot have ${own.join(', ')}, which is the broker's own`
}

/** What the broker reads in a product's entry of the policy. */
function lifeOfItsOwn (value: unknown): string | undefined {
  return propertyNames(value).includes('maxTtl') ? 'cannot have maxTtl, which is the broker\'s own' : undefined
}

function identityRule (value: unknown): string | undefined {
  if (!isRecord(value)) return 'must be { maxLength, characters?, described? }'
  const { maxLength, characters, described, ...others } = value
  const [stranger] = Object.keys(others)
  if (stranger !== undefined) return `cannot have ${stranger}; there are maxLength, characters, described`
  if (!Number.isSafeInteger(maxLength) || (maxLength as number) < 1) return 'must have a whole number of at least 1 as maxLength'
  if (characters !== undefined && !(characters instanceof RegExp && !characters.global && !characters.sticky)) return 'must have a regular expression without the flags g and y as characters'
  if (described !== undefined && (typeof described !== 'string' || described === '')) return 'must have a text as described'
  return characters === undefined && described !== undefined ? 'must have characters where it has described' : undefined
}

function regionList (value: unknown): string | undefined {
  const right = Array.isArray(value) && value.length > 0 && value.every(isRegion)
  return right ? undefined : `must be a list with one or more of ${regions.join(', ')}`
}

function flag (value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false'
}

function syncFunction (value: unknown): string | undefined {
  if (typeof value !== 'function') return 'must be a function'
  // Async functions and generators have other tags.
  return Object.prototype.toString.call(value) === '[object Function]' ? undefined : 'must be a plain function: it returns the grant itself, so it is neither async nor a generator'
}
