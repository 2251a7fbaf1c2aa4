import type { Command } from 'commander'
import { newCommand, withExamples } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { ExplainOptions } from './explain.js'

/** `explain CODE`. */
export function explainCommand (io: Io, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'explain')
    .description('explain an error code of Twilio: its causes, how to tell which one it is, and what to do')
    .argument('[code...]', 'one or more codes, or a message that contains them; without any, list all known codes')
    .option('--json', 'print JSON')
    .action(async (words: string[], options: ExplainOptions) => done(await toExitCode(io, async () => {
      const { explain } = await import('./explain.js')
      return explain(io, words, options)
    }))),
  'npx twilio-token-broker explain 20101',
  'npx twilio-token-broker explain "ConnectionError (53000)"')
}
