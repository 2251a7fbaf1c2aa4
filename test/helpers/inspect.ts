import { Readable } from 'node:stream'
import { inProcess } from './in-process.js'
import { settings } from './made-token.js'

/** The command, with this on its standard input. */
export function inspect (given: string, env: Record<string, string> = settings, args: string[] = ['--json'], stdin = Readable.from([Buffer.from(given)])) {
  return inProcess(['inspect', ...args], { env, stdin })
}
