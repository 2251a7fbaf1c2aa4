import { CommanderError, type Command } from 'commander'
import { readSettings } from '../settings/load.js'
import { hasRemoteStore } from '../settings/rules.js'
import { defaultUsersFile } from '../settings/schema.js'
import { readSources } from '../settings/sources.js'
import { checkCommand } from './check/command.js'
import { newCommand, portNumber, unknownCommand, withExamples, withHelp } from './command.js'
import { completionCommand } from './completion.js'
import { demoCommand } from './demo.js'
import { explainCommand } from './explain.js'
import { initCommand } from './init/command.js'
import { inspectCommand } from './inspect.js'
import { exitCodes, Failure, type Io } from './io.js'
import { mintCommand } from './mint.js'
import { policyCommand } from './policy/command.js'
import type { PolicyContext } from './policy/actions.js'
import { startCommand } from './start.js'
import { usersCommand } from './users/command.js'
import { version } from './version.js'

/** Parses the line and runs its command. @returns the process's exit code */
export async function runProgram (args: string[], io: Io): Promise<number> {
  let code: number = exitCodes.ok
  const done = (exitCode: number): void => { code = exitCode }
  const program = withExamples(newCommand(io, 'twilio-token-broker')
    .description('Hands Twilio access tokens to web pages, behind a real login.')
    .version(version(), '-v, --version', 'print the version'),
  'twilio-token-broker demo',
  'twilio-token-broker init',
  'twilio-token-broker')

  withExamples(program.command('start', { isDefault: true })
    .description('serve, with the settings of the environment and of .env')
    .option('--port <port>', 'port to listen on, in the place of PORT', portNumber)
    // As the default, it is handed every word that is no command.
    .allowExcessArguments()
    .action(async ({ port }: { port?: string }, { args: [word] }: Command) => {
      if (word !== undefined) program.error(`error: ${unknownCommand(program, word)}`)
      done(await startCommand(port === undefined ? io : { ...io, env: { ...io.env, PORT: port } }))
    }),
  'twilio-token-broker start',
  'twilio-token-broker start --port 8080')
  withExamples(program.command('demo')
    .description('serve with throw-away secrets and a user called susan; needs no settings')
    .option('--port <port>', 'port to listen on', portNumber, io.env.PORT || '3000')
    .action(async ({ port }: { port: string }) => done(await demoCommand(io, port))),
  'twilio-token-broker demo',
  'twilio-token-broker demo --port 8080')
  program.addCommand(usersCommand(io, () => usersFileOf(io), done))
  program.addCommand(policyCommand(io, () => policyContext(io), done))
  program.addCommand(initCommand(io, done))
  program.addCommand(inspectCommand(io, done))
  program.addCommand(explainCommand(io, done))
  program.addCommand(mintCommand(io, done))
  program.addCommand(checkCommand(io, done))
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

/** The file is edited whatever the settings say, as one may be on the way from one store to another. But nobody should wait for an effect, or look at another file than the one that a broken .env was to name. */
function usersFileOf ({ env, cwd, stderr }: Io): string {
  const { variables, mistakes } = readSources(env, cwd)
  for (const mistake of mistakes) stderr.write(`${mistake} (a warning)\n`)
  const other = ['LOGIN_URL', 'DATABASE_URL'].find(name => (variables[name] ?? variables[`${name}_FILE`]) !== undefined)
  if (other !== undefined) stderr.write(`${other} is set: the broker asks there who a caller is, and reads no users file (a warning)\n`)
  return variables.USERS_FILE ?? defaultUsersFile
}

/**
 * As far as the settings can be read: that the secrets are missing says nothing of the policy.
 * @throws Failure where the policy may name products of plugins, which are loaded for right settings alone
 */
async function policyContext ({ env, cwd }: Io): Promise<PolicyContext> {
  const { settings, products, known, notLoaded, mistakes } = await readSettings(env, cwd)
  if (notLoaded.length > 0) throw new Failure(exitCodes.settings, [...mistakes, 'PRODUCTS names plugins, which are loaded once these mistakes are gone; the policy is checked then'].join('\n'))
  const { POLICY_FILE: file, TOKEN_TTL: ttl, TOKEN_TTL_MAX: max = ttl } = settings
  return { file, enabled: products, known, foldNames: hasRemoteStore(settings), ttl: { default: ttl, max } }
}
