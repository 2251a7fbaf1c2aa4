import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { exitCodes, Failure, type Io } from './io.js'

export interface Prompt {
  /**
   * Asks on standard error, and reads one line without showing it.
   * @throws Failure on Ctrl-C, and at the end of the input
   */
  hidden (question: string): Promise<string>
  /** Like `hidden`, but shows what is typed. */
  shown (question: string): Promise<string>
  /** Restores the terminal. */
  close (): void
}

/**
 * Opens the terminal for one or more questions. A line that is typed early answers the next question.
 * @param instead what the user can do if standard input is not a terminal, for the message
 * @throws Failure when standard input is not a terminal
 */
export function openPrompt ({ stdin, stderr }: Io, instead: string): Prompt {
  if (!stdin.isTTY) throw new Failure(exitCodes.usage, `standard input is not a terminal, so nothing can be asked; ${instead}`)
  // In terminal mode, readline turns off the echo and writes what is typed to its output. That output is dropped for hidden input.
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
