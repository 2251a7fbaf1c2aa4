import type { Command } from 'commander'
import { newCommand, withExamples, withHelp } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { NewPasswordOptions } from '../password-input.js'
import { addUser, changePassword, checkPassword, listUsers, printHash, removeUser } from './actions.js'
import type { UsersContext } from './actions.js'

/**
 * `users add|passwd|remove|list|check|hash`.
 * @param file the users file as the operator named it; asked for when a command runs, so that `--help` needs no settings
 * @param done takes the exit code
 */
export function usersCommand (io: Io, file: () => string, done: (exitCode: number) => void): Command {
  const run = <Given extends unknown[]>(action: (context: UsersContext, ...given: Given) => Promise<number>) =>
    async (...given: Given) => done(await toExitCode(io, async () => await action({ io, file: file() }, ...given)))

  const users = withExamples(newCommand(io, 'users').description('who may have tokens: the users file'),
    'twilio-token-broker users add susan',
    'twilio-token-broker users list')
  withExamples(users.command('add <name>')
    .description('add a user')
    .option('--password-stdin', 'take the password from the first line of standard input')
    .option('--allow-short', 'take a password of less than 8 characters')
    .action(run(addUser)),
  'twilio-token-broker users add susan',
  'twilio-token-broker users add susan --password-stdin < password.txt')
  withExamples(users.command('passwd <name>')
    .description('give a user a new password')
    .option('--password-stdin', 'take the password from the first line of standard input')
    .option('--allow-short', 'take a password of less than 8 characters')
    .action(run(changePassword)),
  'twilio-token-broker users passwd susan')
  withExamples(users.command('remove <name>')
    .description('remove a user')
    .action(run(removeUser)),
  'twilio-token-broker users remove susan')
  withExamples(users.command('list')
    .description('list the users')
    .option('--json', 'as JSON, with the form of each hash')
    .action(run(listUsers)),
  'twilio-token-broker users list',
  'twilio-token-broker users list --json')
  withExamples(users.command('check <name>')
    .description('say whether a password is the user\'s; exit code 1 says no')
    .option('--password-stdin', 'take the password from the first line of standard input')
    .option('--json', 'answer as JSON')
    .action(run(checkPassword)),
  'twilio-token-broker users check susan',
  'twilio-token-broker users check susan --password-stdin < password.txt')
  withExamples(users.command('hash')
    .description('print the hash of a password, for a database of users; no users file is read or written')
    .option('--password-stdin', 'take the password from the first line of standard input')
    .option('--allow-short', 'take a password of less than 8 characters')
    .action(async (options: NewPasswordOptions) => done(await toExitCode(io, () => printHash(io, options)))),
  'twilio-token-broker users hash',
  'twilio-token-broker users hash --password-stdin < password.txt')
  return withHelp(users)
}
