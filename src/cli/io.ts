import type { VerifyHash } from '../callers/passwords/hash-threads.js'

/** The world around a command: everything it may read and write, so that a test can stand in for it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute path of the working directory. */
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean | undefined }
  readonly stdout: Output
  readonly stderr: Output
  /** What compares passwords with hashes; by default threads of their own. */
  readonly verifyHash?: VerifyHash
}

type Output = NodeJS.WritableStream & { isTTY?: boolean | undefined }

/** What a command's exit code says to a script. */
export const exitCodes = {
  ok: 0,
  /** The answer is no. */
  no: 1,
  /** The command was called in a way it does not know. */
  usage: 2,
  /** A setting or a file cannot be used; EX_CONFIG of sysexits.h. */
  settings: 78,
  /** Ctrl-C, as shells count it: 128 + SIGINT. */
  aborted: 130
} as const

/** Ends a command: `message` goes to standard error and says what to do; `exitCode` is one of `exitCodes`. */
export class Failure extends Error {
  override readonly name: string = 'Failure'

  constructor (readonly exitCode: number, message: string) {
    super(message)
  }
}

/** Runs a command to its exit code. Whatever is no Failure is a fault of ours, and passes through. */
export async function toExitCode ({ stderr }: Io, command: () => Promise<number>): Promise<number> {
  try {
    return await command()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    stderr.write(`${error.message}\n`)
    return error.exitCode
  }
}
