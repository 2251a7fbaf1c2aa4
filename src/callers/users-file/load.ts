import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { readStable } from '../../files/stamp.js'
import { errorCode } from '../../files/errno.js'
import { chmod, readableByEveryone, writableByEveryone } from '../../files/mode.js'
import { addFirst, readUsers } from './parse.js'
import type { FileCaller, Mistakes, Users } from './parse.js'

/** 64 MiB: half a million users. What is larger is no users file, and would fill the memory. */
const mostBytes = 64 * 2 ** 20

const groupWrites = 0o020

/** Leaves the group's right to read, which a broker under an account of its own may need. */
const change = 'g-w,o='

/**
 * Loads a users file.
 * @param path absolute
 * @param label the file as the operator named it
 * @param before the callers as they were, see `readUsers`
 * @returns `key` is that of the path's `Stamp` when it was read
 */
export async function loadUsers (path: string, label: string, before?: ReadonlyMap<string, FileCaller>): Promise<{ key: string, users: Users | Mistakes }> {
  const found = await readStable(path, path => readFile(path, label))
  if (found === undefined) return { key: '', users: { mistakes: [`${label} changes while it is read`] } }

  const { key, content } = found
  if ('mistake' in content) return { key, users: { mistakes: [content.mistake] } }
  const users = await readUsers(content.bytes, label, before)
  return { key, users: 'mistakes' in users ? users : { ...users, warnings: [...content.warnings, ...users.warnings] } }
}

type Content = { bytes: Buffer, warnings: string[] } | { mistake: string }

async function readFile (path: string, label: string): Promise<Content> {
  try {
    // Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
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
        ? `${label} is missing; ${addFirst}`
        : `${label} cannot be read (${code}): look at its owner and mode, and at those of its directory`
    }
  }
}

async function readHandle (handle: FileHandle, label: string): Promise<Content> {
  const stats = await handle.stat()
  if (!stats.isFile()) return { mistake: `${label} is not a file` }
  if (stats.size > mostBytes) return { mistake: `${label} is larger than ${mostBytes} bytes` }
  const writable = writableByEveryone(stats.mode, { file: label, change })
  if (writable !== undefined) return { mistake: writable }
  const readable = readableByEveryone(stats.mode, { file: label, change })
  const warnings = [
    ...(readable === undefined ? [] : [readable]),
    ...(stats.mode & groupWrites ? [`its group may write ${label}; ${chmod(change, label)}`] : [])
  ]
  return { bytes: await handle.readFile(), warnings }
}
