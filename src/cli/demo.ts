import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '../callers/passwords/formats.js'
import { defaultUsersFile } from '../settings/schema.js'
import { exitCodes, type Io } from './io.js'
import { serve, untilSignalled } from './start.js'

export interface DemoOptions {
  port: string
  /** The value for CORS_ORIGINS. */
  origin: string | undefined
}

/** `demo`: starts the broker with everything on, and with random secrets of the right form, which Twilio refuses. */
export async function demoCommand (io: Io, { port, origin }: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'twilio-token-broker-demo-'))
  const password = randomBytes(12).toString('base64url')
  await writeFile(join(folder, defaultUsersFile), `susan:${await hashPassword(password)}\n`, { mode: 0o600 })

  const env = { ...randomSecrets(), OPERATORS: 'susan', PORT: port, CORS_ORIGINS: origin, LOG_LEVEL: 'error' }
  const code = await serve({ ...io, demo: true, cwd: folder, env }, running => {
    untilSignalled({
      ...running,
      async close () {
        await running.close()
        await rm(folder, { recursive: true })
      }
    })
    io.stdout.write(welcome(running.url, password))
  })
  if (code !== exitCodes.ok) await rm(folder, { recursive: true })
  return code
}

function welcome (url: string, password: string): string {
  return [
    `The broker runs at ${url} with throw-away secrets: its tokens have the right form, and Twilio refuses them.`,
    `Open the console and sign in as susan with the password ${password}:`,
    '',
    `  ${url}/`,
    '',
    'Or request a token:',
    '',
    `  curl -u susan:${password} ${url}/token/video`,
    '',
    'Ctrl-C stops it. The audit log follows: one line for each token and for each refused request with credentials.',
    ''
  ].join('\n')
}

function randomSecrets (): Record<string, string> {
  const sid = (prefix: string) => prefix + randomBytes(16).toString('hex')
  return {
    TWILIO_ACCOUNT_SID: sid('AC'),
    TWILIO_API_KEY_SID: sid('SK'),
    TWILIO_API_KEY_SECRET: randomBytes(16).toString('hex'),
    TWILIO_TWIML_APP_SID: sid('AP'),
    TWILIO_CHAT_SERVICE_SID: sid('IS'),
    TWILIO_CONVERSATIONS_SERVICE_SID: sid('IS')
  }
}
