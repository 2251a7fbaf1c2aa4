import type { Command } from 'commander'
import { newCommand, withExamples } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { InspectOptions } from './inspect.js'

/** `inspect [TOKEN]`. */
export function inspectCommand (io: Io, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'inspect')
    .description('show what a token contains, and every reason why Twilio would refuse it; exit code 1 if it would')
    .argument('[token]', 'the token, or the text that the SDK received instead; default: standard input')
    .option('--json', 'print JSON')
    .action(async (token: string | undefined, options: InspectOptions) => done(await toExitCode(io, async () => {
      const { inspect } = await import('./inspect.js')
      return inspect(io, token, options)
    }))),
  'curl -su susan http://127.0.0.1:3000/token/video | npx twilio-token-broker inspect',
  'npx twilio-token-broker inspect --json < token.txt')
}
