import type { Problem } from '../problems.js'

/** Formats the errors of a problem, one line each: `ttl: must be …`. Empty if it has none. */
export function errorLines ({ options: { errors = [] } }: Problem): string[] {
  return errors.map(({ path, message }) => `${path.slice(1) || 'the request'}: ${message}`)
}
