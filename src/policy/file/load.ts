import { isUtf8 } from 'node:buffer'
import { resolve } from 'node:path'
import { writableByEveryone } from '../../files/mode.js'
import { readWithMode } from '../../files/read.js'
import type { DiagnosticCode } from '../../lib/diagnostic.js'
import type { PolicyReader, PolicyReading } from './read.js'

/**
 * Reads the file that POLICY_FILE names. Never rejects: what is wrong with the file is in the result.
 * @param cwd the folder that a relative path starts from
 */
export async function loadPolicy (file: string, cwd: string, read: PolicyReader): Promise<PolicyReading> {
  const refused = (code: DiagnosticCode, message: string): PolicyReading => ({ policy: null, diagnostics: [{ level: 'mistake', subject: file, code, message }] })
  const content = await readWithMode(resolve(cwd, file)).catch(() => undefined)
  if (content === undefined) return refused('unreadable', `${file} cannot be read; check that POLICY_FILE names a file that this user may read`)
  const { bytes, mode } = content
  const reading = isUtf8(bytes) ? await read(bytes.toString(), file) : refused('syntax', `${file} is not UTF-8; save it as UTF-8`)
  const writable = writableByEveryone(mode, { file })
  return writable === undefined ? reading : { policy: null, diagnostics: [...refused('insecure', writable).diagnostics, ...reading.diagnostics] }
}
