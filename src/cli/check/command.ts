import { Option, type Command } from 'commander'
import type { Dispatcher } from 'undici'
import { newCommand, withExamples } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { CheckOptions } from './check.js'

/**
 * `check [--online]`.
 * @param done called with the exit code
 * @param network sends the requests to Twilio. Default: the process's own
 */
export function checkCommand (io: Io, done: (exitCode: number) => void, network?: Dispatcher): Command {
  return withExamples(newCommand(io, 'check')
    .description('check all settings and files, and contact the store of callers, the identity provider and Redis, as a start does; exit code 78 if a start would fail, 69 if something does not answer, 1 if Twilio refuses something')
    .option('--online', 'also ask Twilio whether key, secret, account and region belong together, whether the services exist, and what time it is; and check the documents of the identity provider')
    .addOption(new Option('--offline', 'contact no store, identity provider or Redis').conflicts('online'))
    .option('--json', 'print JSON')
    .action(async (options: CheckOptions) => done(await toExitCode(io, async () => {
      const { check } = await import('./check.js')
      return check(io, options, network)
    }))),
  'npx twilio-token-broker check',
  'npx twilio-token-broker check --offline              # without a network, for example while an image is built',
  'npx twilio-token-broker check --online --json')
}
