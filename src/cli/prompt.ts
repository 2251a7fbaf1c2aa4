import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { exitCodes, Failure, type Io } from './io.js'

export interface Prompt {
  /**
   * Asks on standard error, and reads one line without showing it.
   * @throws Failure on Ctrl-C, and at the end of the input
   */
  hidden (question: string): Promise<string>
  /** Asks likewise, and shows what is typed. */
  shown (question: string): Promise<string>
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
  // As a terminal, readline turns off the echo and repeats what is typed to its output, which goes nowhere while it is hidden.
  let hide = true
  const output = new Writable({
    write (chunk, _encoding, done) {
      if (!hide) stderr.write(chunk)
      done()
    }
  })
  const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 })
  lines.on('SIGINT', () => lines.close())
  const answers = lines[Symbol.asyncIterator]()
  const answer = async () => {
    const { done, value } = await answers.next()
    if (hide || done) stderr.write('\n')
    if (done) throw new Failure(exitCodes.aborted, 'aborted; nothing was changed')
    return value
  }
  return {
    hidden (question) {
      hide = true
      stderr.write(question)
      return answer()
    },
    shown (question) {
      hide = false
      lines.setPrompt(question)
      lines.prompt()
      return answer()
    },
    close: () => lines.close()
  }
}
