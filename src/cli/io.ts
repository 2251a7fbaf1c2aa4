import type { VerifyHash } from '../callers/passwords/hash-threads.js'

/** Everything outside a command that it may read and write, so that tests can replace it. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute path of the working directory. */
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean | undefined }
  readonly stdout: Output
  readonly stderr: Output
  /** Compares a password with a hash. Default: in separate threads. */
  readonly verifyHash?: VerifyHash
}

type Output = NodeJS.WritableStream & { isTTY?: boolean | undefined }

/** Exit codes of all commands. */
export const exitCodes = {
  ok: 0,
  /** The answer is no. */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A service does not answer; EX_UNAVAILABLE of sysexits.h. */
  unavailable: 69,
  /** A setting or a file cannot be used; EX_CONFIG of sysexits.h. */
  settings: 78,
  /** Ctrl-C; shells count 128 + SIGINT. */
  aborted: 130
} as const

/** Ends a command. `message` goes to standard error and says what to do; `exitCode` is one of `exitCodes`. */
export class Failure extends Error {
  override readonly name: string = 'Failure'

  constructor (readonly exitCode: number, message: string) {
    super(message)
  }
}

/** Runs a command and returns its exit code. Any error but a Failure is a bug, and is thrown on. */
export async function toExitCode ({ stderr }: Io, command: () => Promise<number>): Promise<number> {
  try {
    return await command()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    stderr.write(`${error.message}\n`)
    return error.exitCode
  }
}
