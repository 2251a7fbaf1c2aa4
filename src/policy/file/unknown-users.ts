import { bearerPrefix } from '../../caller.js'
import type { Diagnostic } from '../../lib/diagnostic.js'
import { nearWord } from '../../lib/did-you-mean.js'
import { readDocument, type PolicyDocument } from './document.js'
import type { Fault } from './fault.js'
import { namesIn } from './semantics.js'

/**
 * Warns of names in a policy that no user has. That is no mistake, because a user may be added later.
 * @param text of a policy without mistakes
 * @param file as the operator named it
 * @param users names of the users file, at least one
 * @param usersFile as the operator named it
 */
export async function unknownUsers (text: string, file: string, users: ReadonlySet<string>, usersFile: string): Promise<Diagnostic[]> {
  // A policy without mistakes can be parsed.
  const document = await readDocument(text) as PolicyDocument
  const faults = Array.from(namesIn(document.value)).filter(({ name }) => isUnknown(name, users)).map(({ path, name }): Fault => {
    const near = nearWord(name, [...users])
    return { code: 'unknown', path, message: `${name} is not a user of ${usersFile}${near === undefined ? '' : `; did you mean ${near}?`}` }
  })
  return (await document.place(faults)).map(fault => ({ level: 'warning', subject: file, ...fault }))
}

/** A pattern may be meant for users who are added later. */
function isUnknown (name: string, users: ReadonlySet<string>): boolean {
  return !name.includes('*') && !name.startsWith(bearerPrefix) && !users.has(name.normalize('NFC'))
}
