import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { bearerPrefix } from '../../caller.js'
import { nearWord } from '../../lib/did-you-mean.js'
import { warning, type Diagnostic } from '../../lib/diagnostic.js'
import { unknownUsers } from '../../policy/file/unknown-users.js'
import type { Config } from '../../server/config.js'
import { list } from '../../settings/rules.js'

export interface KnownUsers {
  /** As the operator named it. */
  file: string
  names: ReadonlySet<string>
}

/**
 * Warns of settings and files that are valid, but may not be what the operator meant.
 * @param config without mistakes
 * @param users undefined if callers are not in a users file
 */
export async function advise (config: Config, users: KnownUsers | undefined, cwd: string): Promise<Diagnostic[]> {
  const aboutUsers = users === undefined ? [] : [...strangersAmongOperators(config, users), ...await strangersInPolicy(config, users, cwd)]
  return [...aboutUsers, ...withoutCallsOut(config)]
}

function strangersAmongOperators ({ settings: { OPERATORS: operators } }: Config, { file, names }: KnownUsers): Diagnostic[] {
  return list(operators).flatMap((name, i) => {
    if (name.startsWith(bearerPrefix) || names.has(name.normalize('NFC'))) return []
    const near = nearWord(name, [...names])
    return [warning('OPERATORS', 'unknown', `OPERATORS: entry ${i + 1} is not a user of ${file}${near === undefined ? '' : `; did you mean ${near}?`}`)]
  })
}

async function strangersInPolicy ({ settings: { POLICY_FILE: file } }: Config, users: KnownUsers, cwd: string): Promise<Diagnostic[]> {
  return file === undefined ? [] : unknownUsers(await readFile(resolve(cwd, file), 'utf8'), file, users.names, users.file)
}

/** Without a TwiML app, Voice has incoming calls only, and most people want outgoing calls too. */
function withoutCallsOut ({ products, given }: Config): Diagnostic[] {
  const isOn = products.some(({ product }) => product.name === 'voice')
  return isOn && !given.TWILIO_TWIML_APP_SID
    ? [warning('TWILIO_TWIML_APP_SID', 'missing', 'TWILIO_TWIML_APP_SID is not set, so tokens for voice allow incoming calls only')]
    : []
}
