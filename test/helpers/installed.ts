import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Whether a component that tests use is there. Where CI is set one that is missing is an error: a skipped test must not
 * pass for a green one.
 */
export function installed (program: string, folders = (process.env.PATH ?? '').split(delimiter)): boolean {
  const found = folders.some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (!found && process.env.CI) throw new Error(`${program} is not installed, and CI skips no test`)
  return found
}
