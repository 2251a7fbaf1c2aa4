import type { Settings } from './schema.js'
import { readSources, withFiles, type Environment } from './sources.js'

/**
 * Reads a few of the broker's own settings, each by itself. It loads no product, and says nothing of mistakes.
 * @returns those that are valid; none where none is set
 */
export async function readSome<Name extends keyof Settings> (
  names: readonly Name[],
  env: Environment,
  cwd: string
): Promise<Partial<Pick<Settings, Name>>> {
  const { variables } = await withFiles(readSources(env, cwd), cwd)
  if (names.every(name => variables[name] === undefined)) return {}
  // Imported on demand: to load ajv and TypeBox takes a third of a command.
  const [{ Type }, { schema }, { missingSetting, validate }] = await Promise.all([import('../lib/typebox.js'), import('./schema.js'), import('./validate.js')])
  const properties = Object.fromEntries(names.map(name => [name, schema.properties[name]]))
  return validate(Type.Object(properties), variables, missingSetting).values
}
