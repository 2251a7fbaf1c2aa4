import { Command, CommanderError } from 'commander'
import { demoCommand } from './demo.js'
import { exitCodes, type Io } from './io.js'
import { startCommand } from './start.js'

/** @returns the process's exit code */
export async function main (args: string[], io: Io): Promise<number> {
  let code: number = exitCodes.ok
  const program = new Command('twilio-token-broker')
    .description('Hands Twilio access tokens to web pages, behind a real login.')
    .exitOverride()
    .configureOutput({ writeOut: text => io.stdout.write(text), writeErr: text => io.stderr.write(text) })
  program.command('start', { isDefault: true })
    .description('serve, with the settings of the environment and of .env')
    .action(async () => { code = await startCommand(io) })
  program.command('demo')
    .description('serve with throw-away secrets and a user called susan; needs no settings')
    .option('--port <port>', 'port to listen on', '3000')
    .action(async ({ port }: { port: string }) => { code = await demoCommand(io, port) })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}
