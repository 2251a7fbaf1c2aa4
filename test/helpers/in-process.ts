import { PassThrough, type Readable } from 'node:stream'
import { main } from '../../src/cli/main.js'

export interface InProcessOptions {
  env?: Record<string, string>
  cwd?: string
  stdin?: Readable
}

/** A command in this process, which is quicker, for all that do not go on serving. */
export async function inProcess (args: string[], { env = {}, cwd = '/nonexistent', stdin = new PassThrough() }: InProcessOptions = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = await main(args, { env, cwd, stdin, stdout, stderr })
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}
