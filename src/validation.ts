import { Ajv } from 'ajv'

/**
 * For schemas of the broker's own. To look whether each is one, ajv first compiles the schema of all schemas, which takes longer than all of these
 * together, at every start; a test looks once.
 */
export const unquestioned = { meta: false, validateSchema: false } as const

/**
 * For schemas of others.
 * @throws Error that says what is wrong with it
 */
export function mustBeSchema (schema: object): void {
  new Ajv({ strict: false, logger: false }).compile(schema)
}

/** Takes bodies as they are: Fastify's own would drop unknown properties and turn "3600" into 3600 without a word. */
export const newAjv = () => new Ajv({
  ...unquestioned,
  allErrors: true, // every property at fault; bodies are small
  verbose: true, // an error brings the schema, which lists the known properties
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true
})

/** For schemas that stay: it keeps all that it ever compiled. */
export const ajv = newAjv()
