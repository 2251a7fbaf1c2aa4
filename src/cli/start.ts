import closeWithGrace from 'close-with-grace'
import { pino, type DestinationStream } from 'pino'
import { start, type Running } from '../server.js'
import { StartError } from '../state.js'
import { exitCodes, type Io } from './io.js'

/** `start`: serves until a signal. Resolves once it listens; the process lives on. */
export function startCommand (io: Io): Promise<number> {
  return serve(io, untilSignalled)
}

/** Starts the broker and says why it cannot. */
export async function serve (io: Io, started: (running: Running) => void): Promise<number> {
  try {
    started(await start({ ...io, log: await logTo(io) }))
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    io.stderr.write(`The broker cannot start:\n${error.mistakes.map(mistake => `  ${mistake}\n`).join('')}`)
    return exitCodes.settings
  }
}

/** Standard output holds the audit alone, so the log goes to standard error: for people on a terminal, as JSON elsewhere. */
async function logTo ({ env, stderr }: Io): Promise<DestinationStream> {
  if (!('isTTY' in stderr && stderr.isTTY)) return pino.destination({ fd: 2, sync: false })
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination: stderr, colorize: env.NO_COLOR === undefined, translateTime: 'SYS:HH:MM:ss', ignore: 'reqId' })
}

export function untilSignalled (running: Running): void {
  process.on('SIGHUP', () => { running.reload() })
  closeWithGrace({ delay: running.grace + 1000, skip: ['SIGHUP'] }, () => running.close())
}
