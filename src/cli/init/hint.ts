import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Diagnostic } from '../../lib/diagnostic.js'
import type { Io } from '../io.js'

const SETTINGS = new Set(['TWILIO_ACCOUNT_SID', 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET'])

/** Suggests `init` if there is no `.env` and a setting that `init` asks for is missing; otherwise empty. */
export async function initHint ({ cwd }: Io, diagnostics: readonly Diagnostic[]): Promise<string> {
  const exists = await access(resolve(cwd, '.env')).then(() => true, () => false)
  return exists || !diagnostics.some(({ code, subject }) => code === 'missing' && SETTINGS.has(subject)) ? '' : 'There is no .env here. To write one and add a first user, run: npx twilio-token-broker init\n'
}
