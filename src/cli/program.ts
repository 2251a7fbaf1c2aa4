import { CommanderError, type Command } from 'commander'
import { version } from '../lib/version.js'
import { checkCommand } from './check/command.js'
import { newCommand, portNumber, unknownCommand, withExamples, withHelp } from './command.js'
import { completionCommand } from './completion.js'
import { demoCommand } from './demo.js'
import { explainCommand } from './explain.js'
import { initCommand } from './init/command.js'
import { inspectCommand } from './inspect.js'
import { exitCodes, type Io } from './io.js'
import { mintCommand } from './mint.js'
import { policyCommand } from './policy/command.js'
import { policyContext } from './policy/context.js'
import { probeCommand } from './probe/command.js'
import { startCommand } from './start.js'
import { usersCommand } from './users/command.js'
import { usersFileOf } from './users/file.js'

/**
 * Parses the command line and runs its command.
 * @returns the exit code of the process
 */
export async function runProgram (args: string[], io: Io): Promise<number> {
  let code: number = exitCodes.ok
  const done = (exitCode: number): void => { code = exitCode }
  const program = withExamples(newCommand(io, 'twilio-token-broker')
    .description('Hands Twilio access tokens to web pages, behind a real login.')
    .version(version(), '-v, --version', 'print the version'),
  'npx twilio-token-broker demo',
  'npx twilio-token-broker init',
  'npx twilio-token-broker')

  addServers(program, io, done)
  program.addCommand(usersCommand(io, () => usersFileOf(io), done))
  program.addCommand(policyCommand(io, () => policyContext(io), done))
  program.addCommand(initCommand(io, done))
  program.addCommand(inspectCommand(io, done))
  program.addCommand(explainCommand(io, done))
  program.addCommand(mintCommand(io, done))
  program.addCommand(checkCommand(io, done))
  program.addCommand(probeCommand(io, done))
  program.addCommand(completionCommand(io, () => program, done))
  withHelp(program)

  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}

/** `start` and `demo`. */
function addServers (program: Command, io: Io, done: (exitCode: number) => void): void {
  withExamples(program.command('start', { isDefault: true })
    .description('start the broker, with the settings of the environment and of .env')
    .option('--port <port>', 'the port to listen on, in place of PORT', portNumber)
    // commander gives the default command every word that is not a command.
    .allowExcessArguments()
    .action(async ({ port }: { port?: string }, { args: [word] }: Command) => {
      if (word !== undefined) program.error(`error: ${unknownCommand(program, word)}`)
      done(await startCommand(port === undefined ? io : { ...io, env: { ...io.env, PORT: port } }))
    }),
  'npx twilio-token-broker start',
  'npx twilio-token-broker start --port 8080')
  withExamples(program.command('demo')
    .description('start a demo with throw-away secrets and a user called susan; needs no settings')
    .option('--port <port>', 'the port to listen on', portNumber, io.env.PORT || '3000')
    .action(async ({ port }: { port: string }) => done(await demoCommand(io, port))),
  'npx twilio-token-broker demo',
  'npx twilio-token-broker demo --port 8080')
}
