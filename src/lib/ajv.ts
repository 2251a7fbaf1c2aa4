import { Ajv, type Options, type ValidateFunction } from 'ajv'
import envSchema from 'env-schema'

/**
 * Refuses keywords and formats that ajv does not know: it would skip them, and the check would never happen.
 * Strict mode's rules for types are a matter of style, so products need not follow them.
 */
const common: Options = { strict: true, strictTypes: false, strictTuples: false, allErrors: true, verbose: true, logger: false }

/** For validators that run once, at the start: optimizing their code takes longer than it saves. */
const runsOnce: Options = { code: { optimize: false } }

const options = {
  /** Changes nothing in bodies: Fastify's own ajv silently drops unknown properties and turns "3600" into 3600. */
  request: { ...common, coerceTypes: false, removeAdditional: false, useDefaults: true },
  policy: { ...common, ...runsOnce },
  /** Turns the text of a setting into a value of the schema's type, as env-schema does. */
  settings: {
    ...common, coerceTypes: true, removeAdditional: true, useDefaults: true, keywords: [envSchema.keywords.separator], ...runsOnce
  }
} as const satisfies Record<string, Options>

export type SchemaUse = keyof typeof options

/**
 * An ajv for one use. It skips meta-schema validation: compiling the meta-schema takes longer than all schemas of the broker together.
 * A test validates those, and `mustBeSchema` those of third parties.
 */
export function newAjv (use: SchemaUse): Ajv {
  return new Ajv({ ...options[use], meta: false, validateSchema: false })
}

const validators = new WeakMap<object, ValidateFunction>()

/**
 * Returns the function that validates requests by this schema; always the same function for the same schema object. Each function has its
 * own ajv. So both are garbage-collected together with the schema, and the schemas of two products may have the same `$id`.
 * @throws Error that says why the schema cannot be compiled
 */
export function validatorOf (schema: object): ValidateFunction {
  let validator = validators.get(schema)
  if (validator === undefined) validators.set(schema, validator = newAjv('request').compile(schema))
  return validator
}

/**
 * Checks a schema of a third party: it must be valid, and ajv must be able to compile it for this use.
 * @throws TypeError that says what is wrong with it
 */
export function mustBeSchema (schema: object, use: SchemaUse): void {
  try {
    new Ajv(options[use]).compile(schema)
  } catch (error) {
    // The message says "ignored", which is wrong in strict mode.
    throw new TypeError((error as Error).message.replace(' ignored in schema', ' in the schema'))
  }
}
