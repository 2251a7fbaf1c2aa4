import { readFile } from 'node:fs/promises'
import { errorCode } from '../../files/errno.js'
import { withLock } from '../../files/lock.js'
import type { LockOptions } from '../../files/lock.js'
import { parseLine, splitLines } from './lines.js'
import type { Line } from './lines.js'
import { duplicateKey, nameMistake } from '../../caller.js'
import { resolveLinks, writeAtomic } from '../../files/write-atomic.js'

/** Changes the content of a users file. Returns undefined when there is nothing to change. */
export type Edit = (file: Buffer) => Buffer | undefined

/** Says why a user cannot have this name, without repeating it; undefined when it is allowed. */
export function userNameMistake (name: string): string | undefined {
  return nameMistake(name) ?? (name.startsWith('#') ? 'a name in a users file must not begin with #, which begins a comment' : undefined)
}

/** Finds the names, in NFC, that differ from this one only in case or normal form, and the name itself. */
export function similarNames (file: Buffer, name: string): string[] {
  const key = duplicateKey(name)
  return namesIn(file).filter(found => duplicateKey(found) === key)
}

/** The names of all users, in NFC. */
export function namesIn (file: Buffer): string[] {
  return Array.from(splitLines(file), nameOf).filter(found => found !== undefined)
}

/** Adds a user at the end of the file, unless it has a similar name. */
export const withUser = (name: string, hash: string): Edit => file => {
  if (similarNames(file, name).length > 0) return undefined
  const lineEnd = file.includes('\r\n') ? '\r\n' : '\n'
  const isUnterminated = file.length > 0 && file[file.length - 1] !== 0x0a
  return Buffer.concat([file, Buffer.from(`${isUnterminated ? lineEnd : ''}${name}:${hash}${lineEnd}`)])
}

/** Replaces the hash of a user. */
export const withHash = (name: string, hash: string): Edit => file =>
  replaceLines(file, name, ({ end }) => [Buffer.from(`${name}:${hash}`), end])

/** Removes every line of a user. */
export const withoutUser = (name: string): Edit => file =>
  replaceLines(file, name, ({ next }) => [Buffer.alloc(0), next])

/**
 * Edits a users file atomically and under a lock, so that commands that run at the same time lose no change. A missing file counts as
 * empty.
 * @param path absolute; of a link, the file behind it is changed
 * @returns the new bytes; undefined when there was nothing to change
 * @throws LockError, or an error of the operating system
 */
export async function editUsers (path: string, edit: Edit, options?: LockOptions): Promise<Buffer | undefined> {
  const target = await resolveLinks(path)
  return await withLock(target, async () => {
    const edited = edit(await readUsersFile(target))
    if (edited) await writeAtomic(target, edited)
    return edited
  }, options)
}

/** Reads the file; a missing one is empty. */
export async function readUsersFile (path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return Buffer.alloc(0)
  }
}

/** Returns the name of a line in NFC, as a login compares it. */
function nameOf ({ text }: Line): string | undefined {
  return text === undefined ? undefined : parseLine(text)?.name.normalize('NFC')
}

/**
 * Replaces every line of a user.
 * @param replace returns the new bytes, and the offset in the file from which on the rest is copied: the line's end keeps its line break,
 * the next line's start drops it
 */
function replaceLines (file: Buffer, name: string, replace: (line: Line) => [bytes: Buffer, to: number]): Buffer | undefined {
  const pieces: Buffer[] = []
  let copiedTo = 0
  for (const line of splitLines(file)) {
    if (nameOf(line) !== name) continue
    const [bytes, to] = replace(line)
    pieces.push(file.subarray(copiedTo, line.start), bytes)
    copiedTo = to
  }
  return pieces.length === 0 ? undefined : Buffer.concat([...pieces, file.subarray(copiedTo)])
}
