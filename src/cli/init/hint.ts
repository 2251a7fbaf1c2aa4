import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Io } from '../io.js'

const asksFor = /^TWILIO_(ACCOUNT_SID|API_KEY_SID|API_KEY_SECRET) is missing/

/** Points to `init` when settings are missing that it asks for and there is no `.env`; else empty. */
export async function initHint ({ cwd }: Io, mistakes: readonly string[]): Promise<string> {
  const exists = await access(resolve(cwd, '.env')).then(() => true, () => false)
  return exists || !mistakes.some(mistake => asksFor.test(mistake)) ? '' : 'There is no .env here. To write one and add a first user, run: twilio-token-broker init\n'
}
