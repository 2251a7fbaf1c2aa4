import type { Command } from 'commander'
import type { Dispatcher } from 'undici'
import { newCommand, withExamples } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import { init, type InitOptions } from './actions.js'

/**
 * `init`.
 * @param network how requests to Twilio leave the machine; by default as all others
 */
export function initCommand (io: Io, done: (exitCode: number) => void, network?: Dispatcher): Command {
  return withExamples(newCommand(io, 'init')
    .description('ask for the account, its API key and a first user; write .env and the users file')
    .option('--account-sid <sid>', 'the account (AC…)')
    .option('--key-sid <sid>', 'its API key (SK…)')
    .option('--secret-stdin', 'take the key\'s secret from the first line of standard input')
    .option('--secret-file <file>', 'take it from the first line of a file')
    .option('--region <region>', 'us1, ie1 or au1')
    .option('--twiml-app-sid <sid>', 'Voice: the TwiML app for calls that pages make (AP…)')
    .option('--conversations-service-sid <sid>', 'the service of Conversations (IS…)')
    .option('--sync-service-sid <sid>', 'the service of Sync (IS…), if not the default one')
    .option('--origin <origins>', 'origins of pages that may ask, separated by commas')
    .option('--user <name>', 'the first user')
    .option('--no-user', 'add no user')
    .option('--password-stdin', 'take the user\'s password from the first line of standard input')
    .option('--password-file <file>', 'take it from the first line of a file')
    .option('--force', 'write a new .env in the place of an old one')
    .action(async (options: InitOptions) => done(await toExitCode(io, () => init(io, options, network)))),
  'twilio-token-broker init',
  'twilio-token-broker init --account-sid AC… --key-sid SK… --secret-file secret.txt --user susan --password-file password.txt')
}
