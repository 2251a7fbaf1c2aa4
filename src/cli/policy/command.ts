import type { Command } from 'commander'
import { newCommand, wholeSeconds, withExamples, withHelp } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { PolicyContext } from './context.js'

/**
 * `policy check|explain|test|schema`.
 * @param context called when a command runs, so that `--help` needs no settings
 * @param done called with the exit code
 */
export function policyCommand (io: Io, context: () => Promise<PolicyContext>, done: (exitCode: number) => void): Command {
  const run = <Args extends unknown[]>(load: () => Promise<(io: Io, context: PolicyContext, ...args: Args) => Promise<number>>) =>
    async (...args: Args) => done(await toExitCode(io, async () => (await load())(io, await context(), ...args)))

  const policy = withExamples(newCommand(io, 'policy').description('check and explain the policy file: who may have which grants'),
    'npx twilio-token-broker policy check',
    'npx twilio-token-broker policy explain susan video')
  withExamples(policy.command('check')
    .description('report everything that is wrong with the file; exit code 1 if something is')
    .option('--json', 'print JSON')
    .action(run(async () => (await import('./check.js')).checkPolicy)),
  'npx twilio-token-broker policy check',
  'POLICY_FILE=new.yaml npx twilio-token-broker policy check --json')
  withExamples(policy.command('explain <name> <product>')
    .description('show which rule decides for a caller, and what the caller would get; exit code 1 if nothing')
    .option('--groups <groups>', 'groups that the store or the identity provider says the caller is in, separated by commas')
    .option('--room <room>', 'request this room')
    .option('--identity <identity>', 'request a token with this identity')
    .option('--ttl <seconds>', 'request a token with this lifetime', wholeSeconds)
    .option('--incoming', 'request incoming calls')
    .option('--no-incoming', 'request no incoming calls')
    .option('--outgoing', 'request outgoing calls')
    .option('--no-outgoing', 'request no outgoing calls')
    .option('--json', 'print JSON')
    .action(run(async () => (await import('./explain.js')).explainDecision)),
  'npx twilio-token-broker policy explain susan video --room "My Room"',
  'npx twilio-token-broker policy explain susan voice --no-outgoing --ttl 600',
  'npx twilio-token-broker policy explain jwt:susan@example.com video --groups support,staff')
  withExamples(policy.command('test [file]')
    .description('check what the policy decides against expectations: tests of the file, or of the policy and of policy.test.yaml beside it; exit code 1 if one fails')
    .option('--json', 'print JSON')
    .action(run(async () => (await import('./test.js')).testPolicy)),
  'npx twilio-token-broker policy test',
  'npx twilio-token-broker policy test expectations.yaml --json')
  withExamples(policy.command('schema')
    .description('print the JSON Schema of the file, which editors use for completion')
    .action(run(async () => (await import('./check.js')).printSchema)),
  'npx twilio-token-broker policy schema > policy.schema.json')
  return withHelp(policy)
}
