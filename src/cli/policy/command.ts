import { InvalidArgumentError, type Command } from 'commander'
import { newCommand, withExamples, withHelp } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import { checkPolicy, explainDecision, printSchema, type PolicyContext } from './actions.js'

/**
 * `policy check|explain|schema`.
 * @param context what the settings say; asked for when a command runs, so that `--help` needs none
 * @param done takes the exit code
 */
export function policyCommand (io: Io, context: () => Promise<PolicyContext>, done: (exitCode: number) => void): Command {
  const run = <Given extends unknown[]>(action: (io: Io, context: PolicyContext, ...given: Given) => Promise<number>) =>
    async (...given: Given) => done(await toExitCode(io, async () => await action(io, await context(), ...given)))

  const policy = withExamples(newCommand(io, 'policy').description('who may have which grants: the policy file'),
    'twilio-token-broker policy check',
    'twilio-token-broker policy explain susan video')
  withExamples(policy.command('check')
    .description('say whether the file is right, and all that is wrong with it; exit code 1 says that something is')
    .option('--json', 'answer as JSON')
    .action(run(checkPolicy)),
  'twilio-token-broker policy check',
  'POLICY_FILE=new.yaml twilio-token-broker policy check --json')
  withExamples(policy.command('explain <name> <product>')
    .description('say which rule decides for a caller, and what it would get; exit code 1 says that it would get nothing')
    .option('--room <room>', 'ask for this room')
    .option('--identity <identity>', 'ask for a token in this name')
    .option('--ttl <seconds>', 'ask for a token that lives so long', wholeNumber)
    .option('--incoming', 'ask for calls in')
    .option('--no-incoming', 'ask for no calls in')
    .option('--outgoing', 'ask for calls out')
    .option('--no-outgoing', 'ask for no calls out')
    .option('--json', 'answer as JSON')
    .action(run(explainDecision)),
  'twilio-token-broker policy explain susan video --room "My Room"',
  'twilio-token-broker policy explain susan voice --no-outgoing --ttl 600')
  withExamples(policy.command('schema')
    .description('print the JSON Schema of the file, from which editors complete it')
    .action(run(printSchema)),
  'twilio-token-broker policy schema > policy.schema.json')
  return withHelp(policy)
}

function wholeNumber (text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}
