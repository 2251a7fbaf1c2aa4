import { bearerGroupPrefix, bearerPrefix, nameMistake } from '../caller.js'
import type { Diagnostic } from '../lib/diagnostic.js'
import { list } from './list.js'
import { conflict, invalid, type Rule } from './rule.js'
import { defaultUsersFile, type Settings } from './schema.js'

/**
 * Checks OPERATORS. Callers with a bearer token may be operators only if there is no store of callers, because then nobody else can be one.
 */
export const operatorMistakes: Rule = ({ OPERATORS: names, JWT_ISSUER: issuer, ...settings }, unread) => {
  const store = (['LOGIN_URL', 'DATABASE_URL', 'USERS_FILE'] as const).find(name => settings[name] !== undefined)
  return list(names).flatMap((entry, i) => {
    const prefix = [bearerPrefix, bearerGroupPrefix].find(prefix => entry.startsWith(prefix))
    if (prefix === undefined) return nameMistakes(i, entry)
    if (issuer === undefined) return unread.has('JWT_ISSUER') ? [] : [conflict('OPERATORS', `: entry ${i + 1} goes with JWT_ISSUER only`)]
    if (store !== undefined) return [conflict('OPERATORS', `: entry ${i + 1} is only allowed without a store of callers: name callers of ${store} instead`)]
    return prefix === bearerPrefix ? nameMistakes(i, entry.slice(prefix.length)) : groupMistakes(i, entry.slice(prefix.length))
  })
}

/** The same check for the default users file, which no setting names. */
export function bearerOperators ({ OPERATORS: names, JWT_ISSUER: issuer }: Partial<Settings>): Diagnostic[] {
  if (issuer === undefined) return []
  return list(names).flatMap((entry, i) => [bearerPrefix, bearerGroupPrefix].some(prefix => entry.startsWith(prefix))
    ? [conflict('OPERATORS', `: entry ${i + 1} is only allowed without a store of callers: name callers of ${defaultUsersFile} instead, or remove that file`)]
    : [])
}

function nameMistakes (i: number, name: string): Diagnostic[] {
  const mistake = nameMistake(name)
  return mistake === undefined ? [] : [invalid('OPERATORS', `: entry ${i + 1} is not a caller's name: ${mistake}`)]
}

function groupMistakes (i: number, group: string): Diagnostic[] {
  return group === '' ? [invalid('OPERATORS', `: entry ${i + 1} names no group`)] : []
}
