import closeWithGrace from 'close-with-grace'
import { standardSink } from '../audit/sink.js'
import { escapeInvisible } from '../lib/printable.js'
import { LogWriter } from '../server/log-writer.js'
import { start, type LogStream, type Running, type StartOptions } from '../server/start.js'
import { StartError } from '../server/start-error.js'
import { initHint } from './init/hint.js'
import { exitCodes, type Io } from './io.js'
import { detach } from '../lib/detach.js'

const stderrFd = 2

/** `start`: serves until a signal. Resolves when the broker listens; the process goes on. */
export function startCommand (io: Io): Promise<number> {
  return serve(io, untilSignalled)
}

/**
 * Starts the broker, or writes to standard error why it cannot.
 * @param started called when it listens
 */
export async function serve (io: Io & Pick<StartOptions, 'demo'>, started: (running: Running) => void): Promise<number> {
  try {
    started(await start({ ...io, log: await logTo(io) }))
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    io.stderr.write(`The broker cannot start:\n${error.mistakes.map(mistake => `  ${mistake}\n`).join('')}${await initHint(io, error.diagnostics)}`)
    return exitCodes.settings
  }
}

/** Logs to standard error: standard output is for the audit log only. On a terminal lines are formatted for people, otherwise as JSON. */
async function logTo ({ stderr, env }: Io): Promise<LogStream> {
  if (!stderr.isTTY) {
    const writer = new LogWriter(standardSink(stderr, stderrFd), stderrFd)
    process.once('exit', () => writer.flushSync())
    return writer
  }
  // Imported on demand: it takes a tenth of a second to load. Writes to a terminal are synchronous, so no line is lost at the exit.
  const { terminalLines } = await import('./terminal-log.js')
  const format = terminalLines({ colorize: !env.NO_COLOR })
  // The formatter parses the line and so undoes the escapes.
  return { logsAllRequests: true, write: line => { stderr.write(escapeInvisible(format(line))) } }
}

/** Closes the broker on a signal (exit code 0) or an uncaught error (1). A second signal or error ends the process immediately. */
export function untilSignalled (running: Running): void {
  process.on('SIGHUP', () => detach(running.reload()))
  closeWithGrace({ delay: running.graceMs + 1000, skip: ['SIGHUP'], logger: running.logger }, async ({ err, signal }) => {
    if (err) running.logger.fatal({ err }, 'uncaught error: running requests are answered, then the broker exits')
    else running.logger.info({ signal }, 'closing')
    await running.close()
  })
}
