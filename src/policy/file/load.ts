import { isUtf8 } from 'node:buffer'
import { resolve } from 'node:path'
import { writableByEveryone } from '../../files/mode.js'
import { readWithMode } from '../../files/read.js'
import type { PolicyReader, PolicyReading } from './read.js'

/**
 * Reads the file POLICY_FILE names. Whatever is wrong with it is in the answer; nothing is thrown.
 * @param cwd where a relative path starts
 */
export async function loadPolicy (file: string, cwd: string, read: PolicyReader): Promise<PolicyReading> {
  const refused = (says: string) => ({ policy: null, mistakes: [`${file} ${says}`], warnings: [] })
  const content = await readWithMode(resolve(cwd, file)).catch(() => undefined)
  if (content === undefined) return refused('cannot be read; check that POLICY_FILE names a file that this user may read')
  const { bytes, mode } = content
  const reading = isUtf8(bytes) ? await read(bytes.toString(), file) : refused('is not UTF-8; save it as UTF-8')
  const writable = writableByEveryone(mode, { file })
  return writable === undefined ? reading : { policy: null, mistakes: [writable, ...reading.mistakes], warnings: reading.warnings }
}
