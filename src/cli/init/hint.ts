import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Io } from '../io.js'

const asked = /^TWILIO_(ACCOUNT_SID|API_KEY_SID|API_KEY_SECRET) is missing/

/** The command that mends what is missing, for who has no `.env` yet; else nothing. */
export async function initHint ({ cwd }: Io, mistakes: readonly string[]): Promise<string> {
  const isThere = await access(resolve(cwd, '.env')).then(() => true, () => false)
  return isThere || !mistakes.some(mistake => asked.test(mistake)) ? '' : 'There is no .env here. To write one and add a first user, run: twilio-token-broker init\n'
}
