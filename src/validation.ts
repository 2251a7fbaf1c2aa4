import { Ajv } from 'ajv'

/** Takes bodies as they are: Fastify's own would drop unknown properties and turn "3600" into 3600 without a word. */
export const ajv = new Ajv({
  allErrors: true, // every property at fault; bodies are small
  verbose: true, // an error brings the schema, which lists the known properties
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true
})
