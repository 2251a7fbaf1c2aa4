import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { PolicyReader, PolicyReading } from './read.js'

/**
 * Reads the file POLICY_FILE names. Whatever is wrong with it is in the answer; nothing is thrown.
 * @param cwd where a relative path starts
 */
export async function loadPolicy (file: string, cwd: string, read: PolicyReader): Promise<PolicyReading> {
  const refused = (says: string) => ({ policy: null, mistakes: [`${file} ${says}`], warnings: [] })
  const bytes = await bytesOf(resolve(cwd, file)).catch(() => undefined)
  if (bytes === undefined) return refused('cannot be read; check that POLICY_FILE names a file that this user may read')
  return isUtf8(bytes) ? read(bytes.toString(), file) : refused('is not UTF-8; save it as UTF-8')
}

/** Without O_NONBLOCK, opening a pipe waits until somebody writes to it, and all reloads wait behind this one. */
async function bytesOf (path: string): Promise<Buffer | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return (await handle.stat()).isFile() ? await handle.readFile() : undefined
  } finally {
    await handle.close()
  }
}
