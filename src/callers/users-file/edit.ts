import { readFile } from 'node:fs/promises'
import { errorCode } from '../../files/errno.js'
import { withLock } from '../../files/lock.js'
import type { LockOptions } from '../../files/lock.js'
import { entryOf, linesOf } from './lines.js'
import type { Line } from './lines.js'
import { duplicateKey, nameMistake } from '../../caller.js'
import { resolveLinks, writeAtomic } from '../../files/write-atomic.js'

/** A change of a users file: its new bytes, or undefined when there is nothing to change. */
export type Edit = (file: Buffer) => Buffer | undefined

/** Why a user cannot have this name, in words that do not repeat it; undefined when it can. */
export function userNameMistake (name: string): string | undefined {
  return nameMistake(name) ?? (name.startsWith('#') ? 'a name in a users file does not begin with #, as comments do' : undefined)
}

/** The names in the file that people would take for this one, in NFC: case and normal form do not count. */
export function namesLike (file: Buffer, name: string): string[] {
  const key = duplicateKey(name)
  return Array.from(linesOf(file), nameOf)
    .filter(found => found !== undefined)
    .filter(found => duplicateKey(found) === key)
}

/** Adds a user at the end; not when anyone has a name like it. */
export const adding = (name: string, hash: string): Edit => file => {
  if (namesLike(file, name).length > 0) return undefined
  const lineEnd = file.includes('\r\n') ? '\r\n' : '\n'
  const open = file.length > 0 && file[file.length - 1] !== 0x0a
  return Buffer.concat([file, Buffer.from(`${open ? lineEnd : ''}${name}:${hash}${lineEnd}`)])
}

/** Gives a user another hash. */
export const rehashing = (name: string, hash: string): Edit => file =>
  replacing(file, name, ({ end }) => [Buffer.from(`${name}:${hash}`), end])

/** Removes a user with the whole line. */
export const removing = (name: string): Edit => file =>
  replacing(file, name, ({ next }) => [Buffer.alloc(0), next])

/**
 * Changes a users file for good: one command at a time, whole or not at all, and every byte that the edit leaves alone stays.
 * A file that is missing counts as empty, so that adding makes it.
 * @param path absolute; where it is a link, the file behind it is changed
 * @returns the new bytes; undefined when there was nothing to change
 * @throws LockError, or an error of the operating system
 */
export async function editUsers (path: string, edit: Edit, options?: LockOptions): Promise<Buffer | undefined> {
  const target = await resolveLinks(path)
  return await withLock(target, async () => {
    const edited = edit(await usersBytes(target))
    if (edited) await writeAtomic(target, edited)
    return edited
  }, options)
}

/** The file as it is; empty when it is missing. */
export async function usersBytes (path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return Buffer.alloc(0)
  }
}

/** The name of a line, exactly as a login would give it. */
function nameOf ({ text }: Line): string | undefined {
  return text === undefined ? undefined : entryOf(text)?.name.normalize('NFC')
}

/** Puts other bytes for every line of a user, up to the offset that `by` says. */
function replacing (file: Buffer, name: string, by: (line: Line) => [bytes: Buffer, to: number]): Buffer | undefined {
  const pieces: Buffer[] = []
  let kept = 0
  for (const line of linesOf(file)) {
    if (nameOf(line) !== name) continue
    const [bytes, to] = by(line)
    pieces.push(file.subarray(kept, line.start), bytes)
    kept = to
  }
  return pieces.length === 0 ? undefined : Buffer.concat([...pieces, file.subarray(kept)])
}
