import { bearerGroupPrefix, bearerPrefix, nameMistake } from '../caller.js'
import { list } from './list.js'
import type { Settings } from './schema.js'

/** What is wrong with OPERATORS. Callers with a bearer token may be among them where nobody else could be: without a store of callers. */
export function operatorMistakes ({ OPERATORS: names, JWT_ISSUER: issuer, ...settings }: Partial<Settings>): string[] {
  const store = (['LOGIN_URL', 'DATABASE_URL', 'USERS_FILE'] as const).find(name => settings[name] !== undefined)
  return list(names).flatMap((entry, i) => {
    const prefix = [bearerPrefix, bearerGroupPrefix].find(prefix => entry.startsWith(prefix))
    if (prefix === undefined) return nameMistakes(i, entry)
    if (issuer === undefined) return [`OPERATORS: entry ${i + 1} goes with JWT_ISSUER only`]
    if (store !== undefined) return [`OPERATORS: entry ${i + 1} goes without a store of callers only: with ${store}, name its callers`]
    return prefix === bearerPrefix ? nameMistakes(i, entry.slice(prefix.length)) : groupMistakes(i, entry.slice(prefix.length))
  })
}

function nameMistakes (i: number, name: string): string[] {
  const mistake = nameMistake(name)
  return mistake === undefined ? [] : [`OPERATORS: entry ${i + 1} is no caller's name: ${mistake}`]
}

function groupMistakes (i: number, group: string): string[] {
  return group === '' ? [`OPERATORS: entry ${i + 1} names no group`] : []
}
