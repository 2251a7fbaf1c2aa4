import type { Command } from 'commander'
import type { Dispatcher } from 'undici'
import { newCommand, withExamples } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { InitOptions } from './init.js'

/**
 * `init`.
 * @param done called with the exit code
 * @param network sends the requests to Twilio. Default: the process's own
 */
export function initCommand (io: Io, done: (exitCode: number) => void, network?: Dispatcher): Command {
  return withExamples(newCommand(io, 'init')
    .description('ask for the account, its API key and a first user; write .env and the users file')
    .option('--account-sid <sid>', 'the account (AC…)')
    .option('--key-sid <sid>', 'its API key (SK…)')
    .option('--secret-stdin', 'read the key\'s secret from the first line of standard input')
    .option('--secret-file <file>', 'read it from the first line of a file')
    .option('--region <region>', 'us1, ie1 or au1')
    .option('--twiml-app-sid <sid>', 'Voice: the TwiML app for outgoing calls (AP…)')
    .option('--conversations-service-sid <sid>', 'the Conversations service (IS…)')
    .option('--sync-service-sid <sid>', 'the Sync service (IS…), if not the default one')
    .option('--origin <origins>', 'origins of pages that may ask for tokens, separated by commas')
    .option('--user <name>', 'the first user')
    .option('--no-user', 'do not add a user')
    .option('--password-stdin', 'read the user\'s password from the first line of standard input')
    .option('--password-file <file>', 'read it from the first line of a file')
    .option('--force', 'replace an old .env')
    .action(async (options: InitOptions) => done(await toExitCode(io, async () => {
      const { init } = await import('./init.js')
      return init(io, options, network)
    }))),
  'npx twilio-token-broker init',
  'npx twilio-token-broker init --account-sid AC… --key-sid SK… --secret-file secret.txt --user susan --password-file password.txt')
}
