import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from './until.js'

const bin = fileURLToPath(new URL('../../src/bin.js', import.meta.url))

export interface CommandOptions {
  cwd: string
  env?: Record<string, string>
  input?: string
}

/** The command line as a process of its own, which counts for coverage. */
export function command (args: string[], { cwd, env = {}, input }: CommandOptions) {
  const child = spawn(process.execPath, [...process.execArgv, bin, ...args], { cwd, env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => { stdout += chunk })
  child.stderr.on('data', chunk => { stderr += chunk })
  // It may end before it has read anything.
  child.stdin.on('error', () => {}).end(input ?? '')
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    exit,
    stdout: () => stdout,
    stderr: () => stderr,
    /** Waits until standard output or standard error shows it. */
    shows: (text: RegExp) => until(() => text.test(stdout) || text.test(stderr)),
    /** Ends it as a service manager does. */
    async stop () {
      child.kill('SIGTERM')
      return exit
    }
  }
}
