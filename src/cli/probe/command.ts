import { InvalidArgumentError, type Command } from 'commander'
import { isOrigin } from '../../lib/is-origin.js'
import { newCommand, withExamples } from '../command.js'
import { toExitCode, type Io } from '../io.js'
import type { ProbeOptions } from './run.js'

/** `probe URL`: checks a running broker from outside. */
export function probeCommand (io: Io, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'probe')
    .description('check a running broker from outside: that it refuses what it must refuse, and that callers get tokens; exit code 1 if not, 69 if it does not answer. Makes one wrong guess, under a name that no caller has')
    .argument('<url>', 'the address that pages use', brokerUrl)
    .option('--user <name>', 'a caller who may have a token')
    .option('--password-stdin', 'read the caller\'s password from the first line of standard input')
    .option('--bearer-stdin', 'read a bearer token from the first line of standard input, in place of --user')
    .option('--origin <origin>', 'an origin whose pages may use the broker, such as https://app.example.com', exactOrigin)
    .option('--room <room>', 'a Video room that the policy refuses to this caller')
    .option('--json', 'print JSON')
    .action(async (url: string, options: ProbeOptions) => done(await toExitCode(io, async () => {
      const { runProbe } = await import('./run.js')
      return runProbe(io, url, options)
    }))),
  'npx twilio-token-broker probe https://tokens.example.com',
  'npx twilio-token-broker probe https://tokens.example.com --user probe --password-stdin --origin https://app.example.com < password.txt')
}

/** @returns the URL without a slash at its end */
function brokerUrl (text: string): string {
  if (!URL.canParse(text)) throw new InvalidArgumentError('It must be an http: or https: URL.')
  const { protocol, username, password, search, hash, href } = new URL(text)
  if (!/^https?:$/.test(protocol)) throw new InvalidArgumentError('It must be an http: or https: URL.')
  if (username + password + search + hash !== '') throw new InvalidArgumentError('It must have no user, password, query or fragment.')
  return href.replace(/\/+$/, '')
}

function exactOrigin (text: string): string {
  if (!isOrigin(text)) throw new InvalidArgumentError('It must be one exact origin, such as https://app.example.com.')
  return text
}
