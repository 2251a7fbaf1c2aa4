import { InvalidArgumentError, type Command } from 'commander'
import { newCommand } from './command.js'
import { toExitCode } from './failure.js'
import type { Io } from './io.js'
import { checkPolicy, explainDecision, printSchema, type PolicyContext } from './policy-actions.js'

/**
 * `policy check|explain|schema`.
 * @param context what the settings say; asked for when a command runs, so that `--help` needs none
 * @param done takes the exit code
 */
export function policyCommand (io: Io, context: () => Promise<PolicyContext>, done: (exitCode: number) => void): Command {
  const run = <Given extends unknown[]>(action: (io: Io, context: PolicyContext, ...given: Given) => Promise<number>) =>
    async (...given: Given) => done(await toExitCode(io, async () => await action(io, await context(), ...given)))

  const policy = newCommand(io, 'policy').description('who may have which grants: the policy file')
  policy.command('check')
    .description('say whether the file is right, and all that is wrong with it; exit code 1 says that something is')
    .option('--json', 'answer as JSON')
    .action(run(checkPolicy))
  policy.command('explain <name> <product>')
    .description('say which rule decides for a caller, and what it would get; exit code 1 says that it would get nothing')
    .option('--room <room>', 'ask for this room')
    .option('--identity <identity>', 'ask for a token in this name')
    .option('--ttl <seconds>', 'ask for a token that lives so long', wholeNumber)
    .option('--incoming', 'ask for calls in')
    .option('--no-incoming', 'ask for no calls in')
    .option('--outgoing', 'ask for calls out')
    .option('--no-outgoing', 'ask for no calls out')
    .option('--json', 'answer as JSON')
    .action(run(explainDecision))
  policy.command('schema')
    .description('print the JSON Schema of the file, from which editors complete it')
    .action(run(printSchema))
  return policy
}

function wholeNumber (text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}
