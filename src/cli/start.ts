import closeWithGrace from 'close-with-grace'
import { standardSink } from '../audit/sink.js'
import { escapeInvisible } from '../lib/printable.js'
import { LogWriter } from '../server/log-writer.js'
import { start, type LogStream, type Running } from '../server/start.js'
import { StartError } from '../server/config.js'
import { initHint } from './init/hint.js'
import { exitCodes, type Io } from './io.js'
import { detach } from '../lib/detach.js'

const stderrFd = 2

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
    io.stderr.write(`The broker cannot start:\n${error.mistakes.map(mistake => `  ${mistake}\n`).join('')}${await initHint(io, error.mistakes)}`)
    return exitCodes.settings
  }
}

/** Standard error, as standard output holds the audit alone: for people where it is a terminal, else for programs. */
async function logTo ({ stderr, env }: Io): Promise<LogStream> {
  if (!stderr.isTTY) {
    const writer = new LogWriter(standardSink(stderr, stderrFd), stderrFd)
    process.once('exit', () => writer.flushSync())
    return writer
  }
  // Only here, as it takes a tenth of a second to load. A terminal is written synchronously, so no line is lost.
  const { prettyFactory } = await import('pino-pretty')
  const pretty = prettyFactory({ colorize: !env.NO_COLOR, translateTime: 'SYS:HH:MM:ss.l' })
  // Read back, what was escaped is there again.
  return { write: line => { stderr.write(escapeInvisible(pretty(line))) } }
}

/** Closes on a signal, with 0, or on an uncaught error, with 1. A second of either ends the process at once. */
export function untilSignalled (running: Running): void {
  process.on('SIGHUP', () => detach(running.reload()))
  closeWithGrace({ delay: running.grace + 1000, skip: ['SIGHUP'], logger: running.logger }, async ({ err, signal }) => {
    if (err) running.logger.fatal({ err }, 'uncaught error; what is under way is answered, then the broker ends')
    else running.logger.info({ signal }, 'closing')
    await running.close()
  })
}
