import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommanderError } from 'commander'
import { usersCommand } from '../../src/cli/users/command.js'
import { verifyHash } from './in-thread.js'
import { label } from './users-file.js'

export const password = 'correct horse battery staple'
export const bcrypt = '$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa'

interface Answer {
  exitCode: number | undefined
  out: string
  err: string
}

/** Runs a command in a folder, with bytes on standard input. */
export async function users (cwd: string, args: string[], input: string | Buffer = ''): Promise<Answer> {
  return await answered(cwd, args, Readable.from([Buffer.from(input)]))
}

export async function answered (cwd: string, args: string[], stdin: NodeJS.ReadableStream & { isTTY?: boolean }): Promise<Answer> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let exitCode: number | undefined
  const command = usersCommand({ env: {}, cwd, stdin, stdout, stderr, verifyHash }, () => label, code => { exitCode = code })
  await command.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error
    exitCode = error.exitCode === 0 ? 0 : 2
  })
  stdout.end()
  stderr.end()
  return { exitCode, out: await text(stdout), err: await text(stderr) }
}

export const fileIn = (dir: string) => readFileSync(join(dir, label), 'utf8')
