import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { readStable } from '../../files/stamp.js'
import { errorCode } from '../../files/errno.js'
import { mistake, warning, type Diagnostic } from '../../lib/diagnostic.js'
import { chmod, readableByEveryone, writableByEveryone } from '../../files/mode.js'
import { ADD_USER_HINT, readUsers } from './parse.js'
import type { FileCaller, Mistakes, Users } from './parse.js'

/** 64 MiB, half a million users: a larger file was named by mistake and would fill the memory. */
const MAX_BYTES = 64 * 2 ** 20

const GROUP_WRITE = 0o020

/** Keeps the group's right to read, which a broker under an account of its own may need. */
const CHMOD = 'g-w,o='

/**
 * Reads and parses a users file.
 * @param path absolute
 * @param label the file as the operator named it
 * @param previous the callers of the last load, see `readUsers`
 * @returns the users, or the mistakes; `key` is the `Stamp` of the file that was read
 */
export async function loadUsers (
  path: string,
  label: string,
  previous?: ReadonlyMap<string, FileCaller>
): Promise<{ key: string, users: Users | Mistakes }> {
  const found = await readStable(path, path => readFile(path, label))
  if (found === undefined) return { key: '', users: { mistakes: [mistake(label, 'unreadable', `${label} keeps changing while it is read`)] } }

  const { key, content } = found
  if ('mistake' in content) return { key, users: { mistakes: [content.mistake] } }
  const users = await readUsers(content.bytes, label, previous)
  return { key, users: 'mistakes' in users ? users : { ...users, warnings: [...content.warnings, ...users.warnings] } }
}

type Content = { bytes: Buffer, warnings: Diagnostic[] } | { mistake: Diagnostic }

async function readFile (path: string, label: string): Promise<Content> {
  try {
    // O_NONBLOCK: opening a pipe would otherwise wait until somebody writes to it.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await readHandle(handle, label)
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = errorCode(error)
    return {
      mistake: code === 'ENOENT'
        ? mistake(label, 'missing', `${label} is missing; ${ADD_USER_HINT}`)
        : mistake(label, 'unreadable', `${label} cannot be read (${code}): check owner and mode of the file and of its directory`)
    }
  }
}

async function readHandle (handle: FileHandle, label: string): Promise<Content> {
  const stats = await handle.stat()
  if (!stats.isFile()) return { mistake: mistake(label, 'unreadable', `${label} is not a file`) }
  if (stats.size > MAX_BYTES) return { mistake: mistake(label, 'invalid', `${label} is larger than ${MAX_BYTES} bytes`) }
  const writable = writableByEveryone(stats.mode, { file: label, change: CHMOD })
  if (writable !== undefined) return { mistake: mistake(label, 'insecure', writable) }
  const readable = readableByEveryone(stats.mode, { file: label, change: CHMOD })
  const warnings = [
    ...(readable === undefined ? [] : [readable]),
    ...(stats.mode & GROUP_WRITE ? [`the group may write ${label}; ${chmod(CHMOD, label)}`] : [])
  ].map(message => warning(label, 'insecure', message))
  return { bytes: await handle.readFile(), warnings }
}
