import type { ErrorObject } from 'ajv'
import type { DiagnosticCode } from '../../lib/diagnostic.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import type { Fault, Path } from './fault.js'

/**
 * Writes a message. Where a schema has a description, the message includes it, so that entries of third-party products are explained, too.
 */
type Message = (name: string, params: Record<string, unknown>, error: ErrorObject) => string

const types: Record<string, string> = {
  array: 'a list', boolean: 'true or false', integer: 'a whole number', number: 'a number', object: 'a map', string: 'text'
}

/** By the keyword of the schema that the value does not meet. */
const messages: Record<string, Message> = {
  additionalProperties: (name, { additionalProperty }, { parentSchema }) => {
    const known = Object.keys(parentSchema?.properties ?? {})
    const what = name === 'allow' ? 'a product' : `a property of ${name}`
    return `${additionalProperty} is not ${what}${didYouMean(String(additionalProperty), known)}`
  },
  enum: (name, { allowedValues }) => `${name} must be ${(allowedValues as unknown[]).join(' or ')}`,
  minItems: (name, _, error) => `${name} must not be empty${described(error)}`,
  pattern: (name, _, error) => `${name} cannot be ${JSON.stringify(error.data)}${described(error)}`,
  required: (name, { missingProperty }) => `${name} needs ${missingProperty}`,
  type: (name, { type }, error) => `${name} must be ${types[String(type)]}${described(error)}${type === 'string' ? '; put it in quotes' : ''}`
}

/** Codes other than `invalid`. */
const codes: Record<string, DiagnosticCode> = { additionalProperties: 'unknown', required: 'missing' }

/**
 * Describes one error of the validator.
 * @param error of an ajv with `verbose`
 */
export function faultOf (error: ErrorObject): Fault {
  const { instancePath, keyword, message, params } = error
  // JSON Pointer, RFC 6901 §4.
  const path = instancePath.split('/').slice(1).map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const name = nameOf(path)
  const fault = {
    code: codes[keyword] ?? 'invalid',
    message: messages[keyword]?.(name, params, error) ?? `${name} ${message}${described(error)}`
  }
  return keyword === 'additionalProperties'
    ? { ...fault, path: [...path, params.additionalProperty], of: 'key' }
    : { ...fault, path }
}

function nameOf (path: Path): string {
  const name = path.at(-1)
  if (name === undefined) return 'the policy'
  if (!/^\d+$/.test(name)) return name
  return path.length === 2 && path[0] === 'rules' ? `rule ${Number(name) + 1}` : `an entry of ${path.at(-2)}`
}

function described ({ parentSchema }: ErrorObject): string {
  return parentSchema?.description === undefined ? '' : `: ${parentSchema.description}`
}
