import type { Command } from 'commander'
import { newCommand, withExamples, withHelp } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { NewPasswordOptions } from '../password-input.js'
import type { UsersContext } from './file.js'

/**
 * `users add|passwd|remove|unlock|list|check|hash`.
 * @param file returns the users file as the operator named it; called when a command runs, so that `--help` needs no settings
 * @param done called with the exit code
 */
export function usersCommand (io: Io, file: () => string | Promise<string>, done: (exitCode: number) => void): Command {
  const run = <Args extends unknown[]>(load: () => Promise<(context: UsersContext, ...args: Args) => Promise<number>>) =>
    async (...args: Args) => done(await toExitCode(io, async () => (await load())({ io, file: await file() }, ...args)))

  const users = withExamples(newCommand(io, 'users').description('manage the users file: who may get tokens'),
    'npx twilio-token-broker users add susan',
    'npx twilio-token-broker users list')
  withExamples(users.command('add <name>')
    .description('add a user')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--allow-short', 'accept a password of less than 8 characters')
    .action(run(async () => (await import('./change.js')).addUser)),
  'npx twilio-token-broker users add susan',
  'npx twilio-token-broker users add susan --password-stdin < password.txt')
  withExamples(users.command('passwd <name>')
    .description('give a user a new password')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--allow-short', 'accept a password of less than 8 characters')
    .action(run(async () => (await import('./change.js')).changePassword)),
  'npx twilio-token-broker users passwd susan')
  withExamples(users.command('remove <name>')
    .description('remove a user')
    .action(run(async () => (await import('./change.js')).removeUser)),
  'npx twilio-token-broker users remove susan')
  withExamples(users.command('unlock <name>')
    .description('let a name sign in again that wrong passwords have locked; works with every store of users')
    .action(async (name: string) => done(await toExitCode(io, async () => (await import('./unlock.js')).unlockUser(io, name)))),
  'npx twilio-token-broker users unlock susan')
  withExamples(users.command('list')
    .description('list the users')
    .option('--json', 'print JSON, with the format of each hash')
    .action(run(async () => (await import('./show.js')).listUsers)),
  'npx twilio-token-broker users list',
  'npx twilio-token-broker users list --json')
  withExamples(users.command('check <name>')
    .description('check a user\'s password; exit code 1 if it is wrong')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--json', 'print JSON')
    .action(run(async () => (await import('./show.js')).checkPassword)),
  'npx twilio-token-broker users check susan',
  'npx twilio-token-broker users check susan --password-stdin < password.txt')
  withExamples(users.command('hash')
    .description('print the hash of a password, for a database of users; does not use the users file')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .option('--allow-short', 'accept a password of less than 8 characters')
    .action(async (options: NewPasswordOptions) => done(await toExitCode(io, async () => (await import('./change.js')).printHash(io, options)))),
  'npx twilio-token-broker users hash',
  'npx twilio-token-broker users hash --password-stdin < password.txt')
  return withHelp(users)
}
