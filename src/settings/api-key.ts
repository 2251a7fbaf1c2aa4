import type { TSchema } from '../lib/typebox.js'
import type { Settings } from './schema.js'
import { readSources, withFiles, type Environment } from './sources.js'

const names = ['TWILIO_ACCOUNT_SID', 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET', 'TWILIO_REGION'] as const

/**
 * Reads the settings of the API key, each by itself. It loads no product, and says nothing of mistakes.
 * @returns those that are set and valid
 */
export async function readApiKey (env: Environment, cwd: string): Promise<Partial<Pick<Settings, typeof names[number]>>> {
  const { variables } = await withFiles(readSources(env, cwd), cwd)
  if (names.every(name => variables[name] === undefined)) return {}
  // Imported on demand: to load TypeBox takes a tenth of a command.
  const { schema: { properties } } = await import('./schema.js')
  const isValid = (name: typeof names[number]): boolean => variables[name] !== undefined && fits(variables[name], properties[name])
  return Object.fromEntries(names.filter(isValid).map(name => [name, variables[name]]))
}

/** Whether a text fits a schema that is a pattern or a list of words. To load ajv for that would take a third of the command. */
function fits (text: string, schema: TSchema): boolean {
  const { pattern, enum: words } = schema as { pattern?: string, enum?: string[] }
  return words?.includes(text) ?? new RegExp(pattern!, 'u').test(text)
}
