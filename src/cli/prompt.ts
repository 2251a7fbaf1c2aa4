import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Failure } from './failure.js'
import { exitCodes } from './io.js'
import type { Io } from './io.js'

export interface Prompt {
  /**
   * Asks on standard error, and reads one line without showing it.
   * @throws Failure on Ctrl-C, and at the end of the input
   */
  hidden (question: string): Promise<string>
  /** Gives the terminal back as it was. */
  close (): void
}

/**
 * Opens the terminal for questions; for several of them, so that what is typed ahead is not lost between two.
 * @throws Failure when standard input is no terminal
 * @param instead what to do then, for the message
 */
export function openPrompt ({ stdin, stderr }: Io, instead: string): Prompt {
  if (!stdin.isTTY) throw new Failure(exitCodes.usage, `standard input is no terminal to ask at; ${instead}`)
  // As a terminal, readline turns off the echo and repeats what is typed to its output, which goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 })
  lines.on('SIGINT', () => lines.close())
  const answers = lines[Symbol.asyncIterator]()
  return {
    async hidden (question) {
      stderr.write(question)
      const answer = await answers.next()
      stderr.write('\n')
      if (answer.done) throw new Failure(exitCodes.aborted, 'aborted; nothing was changed')
      return answer.value
    },
    close: () => lines.close()
  }
}
