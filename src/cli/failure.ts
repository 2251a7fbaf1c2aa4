import type { Io } from './io.js'

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
