import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { PolicyReader, PolicyReading } from './file.js'

/**
 * Reads the file POLICY_FILE names. Whatever is wrong with it is in the answer; nothing is thrown.
 * @param cwd where a relative path starts
 */
export async function loadPolicy (file: string, cwd: string, read: PolicyReader): Promise<PolicyReading> {
  const refused = (says: string) => ({ policy: null, mistakes: [`${file} ${says}`], warnings: [] })
  let bytes: Buffer
  try {
    bytes = await readFile(resolve(cwd, file))
  } catch {
    return refused('cannot be read; check that POLICY_FILE names a file that this user may read')
  }
  return isUtf8(bytes) ? read(bytes.toString(), file) : refused('is not UTF-8; save it as UTF-8')
}
