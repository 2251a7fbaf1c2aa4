import { CommanderError, type Command } from 'commander'
import { version } from '../lib/version.js'
import { newCommand, portNumber, unknownCommand, withExamples, withHelp } from './command.js'
import { exitCodes, type Io } from './io.js'

type Done = (exitCode: number) => void

/**
 * The commands other than `start` and `demo`, in the order of the help. Each is described in its own file, which loads the command's code
 * only when the command runs.
 */
const commands: Record<string, (io: Io, done: Done, program: Command) => Promise<Command>> = {
  users: async (io, done) => (await import('./users/command.js')).usersCommand(io, async () => (await import('./users/file.js')).usersFileOf(io), done),
  policy: async (io, done) => (await import('./policy/command.js')).policyCommand(io, async () => (await import('./policy/context.js')).policyContext(io), done),
  init: async (io, done) => (await import('./init/command.js')).initCommand(io, done),
  inspect: async (io, done) => (await import('./inspect/command.js')).inspectCommand(io, done),
  explain: async (io, done) => (await import('./explain/command.js')).explainCommand(io, done),
  mint: async (io, done) => (await import('./mint/command.js')).mintCommand(io, done),
  check: async (io, done) => (await import('./check/command.js')).checkCommand(io, done),
  probe: async (io, done) => (await import('./probe/command.js')).probeCommand(io, done),
  completion: async (io, done, program) => (await import('./completion.js')).completionCommand(io, () => program, done)
}

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
  for (const name of namesFor(args)) program.addCommand(await commands[name]!(io, done, program))
  withHelp(program)

  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}

/** The commands to load: only the typed one, or all if they will be listed. */
function namesFor ([typed = '']: string[]): string[] {
  return Object.hasOwn(commands, typed) && typed !== 'completion' ? [typed] : Object.keys(commands)
}

/** `start` and `demo`. */
function addServers (program: Command, io: Io, done: Done): void {
  withExamples(program.command('start', { isDefault: true })
    .description('start the broker, with the settings of the environment and of .env')
    .option('--port <port>', 'the port to listen on, in place of PORT', portNumber)
    // commander passes every unknown word to the default command.
    .allowExcessArguments()
    .action(async ({ port }: { port?: string }, { args: [word] }: Command) => {
      if (word !== undefined) program.error(`error: ${unknownCommand(program, word)}`)
      const { startCommand } = await import('./start.js')
      done(await startCommand(port === undefined ? io : { ...io, env: { ...io.env, PORT: port } }))
    }),
  'npx twilio-token-broker start',
  'npx twilio-token-broker start --port 8080')
  withExamples(program.command('demo')
    .description('start a demo with throw-away secrets and a user called susan; needs no settings')
    .option('--port <port>', 'the port to listen on', portNumber, io.env.PORT || '3000')
    .option('--origin <origins>', 'origins of pages that may ask for tokens, separated by commas')
    .action(async ({ port, origin }: { port: string, origin?: string }) => {
      const { demoCommand } = await import('./demo.js')
      done(await demoCommand(io, { port, origin }))
    }),
  'npx twilio-token-broker demo',
  'npx twilio-token-broker demo --origin http://localhost:5173',
  'npx twilio-token-broker demo --port 8080')
}
