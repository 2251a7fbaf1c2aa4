import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { cheapHash, complete, susan, type AuditLine } from './broker.js'
import { ask } from './http.js'
import { root } from './root.js'
import { until } from './until.js'

/** What the tests themselves are run with, such as a debugger, must not get into what they start. */
const withoutOptions = 'unset NODE_OPTIONS'
const bin = join(root, 'dist/src/bin.js')

/** The broker as operators run it: what is under test is the process, so it is the one that is published. */
function build (): string {
  const sources = ['src', 'plugins'].flatMap(folder => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(root, folder, name)))
  const changed = (file: string) => statSync(file).mtimeMs
  // `npm test` has built it by now.
  if (!existsSync(bin) || sources.some(file => file.endsWith('.ts') && changed(file) > changed(bin))) {
    execFileSync('sh', ['-c', `${withoutOptions}; exec node_modules/.bin/tsc -p tsconfig.build.json`], { cwd: root })
  }
  return bin
}

export interface ProcessOptions {
  /** Working directory. */
  cwd: string
  settings?: Record<string, string>
  /** For Node. */
  nodeArgs?: string[]
  /** A command of the shell that goes before it, such as a limit. */
  before?: string
}

/** A broker in a process of its own, which can be limited, killed and stalled. */
export async function brokerProcess ({ cwd, settings = {}, nodeArgs = [], before = ':' }: ProcessOptions) {
  const child = spawn('sh', ['-c', `${withoutOptions}; ${before}; exec "$@"`, 'sh', process.execPath, ...nodeArgs, build()], { cwd, env: { ...process.env, ...complete, ...settings } })
  let log = ''
  child.stderr.on('data', chunk => { log += chunk })
  const ended = once(child, 'exit')
  const url = () => /"url":"([^"]+)"/.exec(log)?.[1]
  await until(() => url() !== undefined || child.exitCode !== null)
  if (url() === undefined) throw new Error(log)
  return {
    pid: child.pid!,
    url: url()!,
    stdout: child.stdout,
    stderr: child.stderr,
    log: () => log,
    alive: () => child.exitCode === null && child.signalCode === null,
    async kill (signal: NodeJS.Signals) {
      child.kill(signal)
      await ended
    }
  }
}

export async function writeUsers (folder: string, hash?: string): Promise<void> {
  writeFileSync(join(folder, 'users.htpasswd'), `susan:${hash ?? await cheapHash('secret123')}\n`, { mode: 0o600 })
}

/** The SHA-256 of each token in whole lines of an audit. */
export function issuedIn (text: string): string[] {
  const lines = text.split('\n').flatMap(line => {
    try {
      return [JSON.parse(line) as AuditLine & { tokenSha256: string }]
    } catch {
      return []
    }
  })
  return lines.filter(({ event }) => event === 'token.issued').map(({ tokenSha256 }) => tokenSha256)
}

export function issuedInFile (path: string): string[] {
  return issuedIn(readFileSync(path, 'utf8'))
}

/** Asks for tokens, keeps the SHA-256 of each that came, and counts the other answers by their code. */
export function client (url: string) {
  const held: string[] = []
  const refused: Record<string, number> = {}
  return {
    held,
    refused,
    /** Resolves with the status, or undefined where there was no answer. */
    async token (room?: string): Promise<number | undefined> {
      const answer = await ask(url, { as: susan, body: room === undefined ? {} : { room } }).catch(() => undefined)
      if (answer === undefined) return undefined
      if (answer.status === 200) held.push(createHash('sha256').update(answer.body.token).digest('hex'))
      else refused[answer.body.code] = (refused[answer.body.code] ?? 0) + 1
      return answer.status
    }
  }
}

/** A broker in a process of its own that the test ends, however it ends. */
export async function start (t: Test, options: Omit<ProcessOptions, 'cwd'> & { cwd?: string } = {}) {
  const cwd = options.cwd ?? t.testdir()
  if (options.cwd === undefined) await writeUsers(cwd)
  const broker = await brokerProcess({ cwd, ...options })
  t.teardown(() => { if (broker.alive()) return broker.kill('SIGKILL') })
  return Object.assign(broker, { cwd, audit: join(cwd, 'audit.log') })
}

export const alive = async (url: string) => (await ask(url, { method: 'GET', path: '/healthz' })).status === 200

export const accounted = (t: Test, held: string[], issued: string[]) =>
  t.strictSame(held.filter(token => !issued.includes(token)), [], 'every token that a client holds has its line')
