import { Ajv, type Options, type ValidateFunction } from 'ajv'
import envSchema from 'env-schema'

/**
 * A keyword or format that ajv does not know is a mistake in every schema: skipped, it would be a check that never happens.
 * The types of strict mode are style, and products may write what they like.
 */
const common: Options = { strict: true, strictTypes: false, strictTuples: false, allErrors: true, verbose: true, logger: false }

const options = {
  /** Takes bodies as they are: Fastify's own would drop unknown properties and turn "3600" into 3600 without a word. */
  request: { ...common, coerceTypes: false, removeAdditional: false, useDefaults: true },
  policy: common,
  /** As env-schema has it: the text of a setting becomes what its schema says. */
  settings: { ...common, coerceTypes: true, removeAdditional: true, useDefaults: true, keywords: [envSchema.keywords.separator] }
} as const satisfies Record<string, Options>

export type SchemaUse = keyof typeof options

/**
 * Does not check the schema itself: for that ajv first compiles the schema of all schemas, which takes longer than all of the
 * broker's together. A test checks those, and `mustBeSchema` those of third parties.
 */
export function newAjv (use: SchemaUse): Ajv {
  return new Ajv({ ...options[use], meta: false, validateSchema: false })
}

const validators = new WeakMap<object, ValidateFunction>()

/**
 * What checks requests by this schema: always the same function for the same schema. Each has an ajv of its own, so that it
 * goes when its schema goes, and an `$id` in one product's schema never meets the same one in another's.
 * @throws Error that says why the schema cannot be compiled
 */
export function validatorOf (schema: object): ValidateFunction {
  let validator = validators.get(schema)
  if (validator === undefined) validators.set(schema, validator = newAjv('request').compile(schema))
  return validator
}

/**
 * For schemas of others: whether it is a schema, and one that ajv compiles for this use.
 * @throws Error that says what is wrong with it
 */
export function mustBeSchema (schema: object, use: SchemaUse): void {
  try {
    new Ajv(options[use]).compile(schema)
  } catch (error) {
    // ajv's sentence is about a mode that ignores it.
    throw new TypeError((error as Error).message.replace(' ignored in schema', ' in the schema'))
  }
}
