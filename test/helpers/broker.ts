import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { hash } from '@node-rs/bcrypt'
import type { VerifyHash } from '../../src/callers/passwords/hash-threads.js'
import { start } from '../../src/server/start.js'
import { verifyHash as inThread } from './in-thread.js'
import { jsonLines } from './lines.js'

const sid = (prefix: string) => prefix + randomBytes(16).toString('hex')

/** Secrets of the right form, the same for every broker of a test. */
export const secrets = {
  accountSid: sid('AC'),
  keySid: sid('SK'),
  keySecret: randomBytes(16).toString('hex'),
  twimlAppSid: sid('AP'),
  chatServiceSid: sid('IS'),
  conversationsServiceSid: sid('IS')
}

/** Settings with which all five products are on. */
export const complete: Record<string, string> = {
  TWILIO_ACCOUNT_SID: secrets.accountSid,
  TWILIO_API_KEY_SID: secrets.keySid,
  TWILIO_API_KEY_SECRET: secrets.keySecret,
  TWILIO_TWIML_APP_SID: secrets.twimlAppSid,
  TWILIO_CHAT_SERVICE_SID: secrets.chatServiceSid,
  TWILIO_CONVERSATIONS_SERVICE_SID: secrets.conversationsServiceSid,
  PORT: '0',
  AUDIT_LOG: 'audit.log',
  RATE_LIMIT_MAX: '100000',
  CALLER_LIMIT_MAX: '100000'
}

export interface BrokerOptions {
  settings?: Record<string, string>
  /** Names and passwords. Default: susan, secret123. Null: no users file. */
  users?: Record<string, string> | null
  /** Further files of the working directory, by name. */
  files?: Record<string, string>
  /** Symbolic links in it, by name, with their targets. */
  links?: Record<string, string>
  /** Folders in it. */
  folders?: string[]
  /** What compares passwords; by default the test's own thread. */
  verifyHash?: VerifyHash
  /** As the command `demo` starts it. */
  demo?: boolean
}

export interface AuditLine {
  event: string
  caller: string
  code?: string
  products?: string[]
  grants?: Record<string, object>
  [field: string]: unknown
}

/** A whole broker on a port of its own, as `start` makes it. */
export async function startBroker ({ settings = {}, users = { susan: 'secret123' }, files = {}, links = {}, folders = [], verifyHash = inThread, demo = false }: BrokerOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'broker-'))
  const lines = await Promise.all(Object.entries(users ?? {}).map(async ([name, password]) => `${name}:${await cheapHash(password)}`))
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
  if (users !== null) await write('users.htpasswd', lines.join('\n') + '\n')
  for (const [name, text] of Object.entries(files)) await write(name, text)
  for (const name of folders) await mkdir(join(folder, name))
  for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name))

  let log = ''
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const running = await start({
    env: { LOG_LEVEL: 'trace', ...complete, ...settings },
    cwd: folder,
    stdout: nowhere,
    log: { write: (line: string) => { log += line } },
    verifyHash,
    demo
  }).catch(async error => {
    await rm(folder, { recursive: true })
    throw error
  })
  return {
    ...running,
    folder,
    secrets,
    write,
    log: () => log,
    async audit (): Promise<AuditLine[]> {
      return jsonLines(await readFile(join(folder, 'audit.log'), 'utf8'))
    },
    async close () {
      await running.close()
      await rm(folder, { recursive: true })
    }
  }
}

export type Broker = Awaited<ReturnType<typeof startBroker>>

/** The cheapest hash that is taken, so that tests are quick. */
export function cheapHash (password: string): Promise<string> {
  return hash(password.normalize('NFC'), 4)
}

export function basic (name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

export const susan = basic('susan', 'secret123')
