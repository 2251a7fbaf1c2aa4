import type { Io } from './io.js'

/** @returns the exit code of the process */
export async function main (args: string[], io: Io): Promise<number> {
  // `start` runs at each boot, so it loads neither the parser of options nor anything of the other commands.
  const starts = args.length === 0 || (args.length === 1 && args[0] === 'start')
  if (starts) return await (await import('./start.js')).startCommand(io)
  return await (await import('./program.js')).runProgram(args, io)
}
