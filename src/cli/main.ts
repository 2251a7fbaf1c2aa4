import type { Io } from './io.js'

/** @returns the process's exit code */
export async function main (args: string[], io: Io): Promise<number> {
  // What a machine runs at each boot loads none of what only other commands need, nor what would parse their options.
  const starts = args.length === 0 || (args.length === 1 && args[0] === 'start')
  if (starts) return await (await import('./start.js')).startCommand(io)
  return await (await import('./program.js')).runProgram(args, io)
}
