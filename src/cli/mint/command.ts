import { InvalidArgumentError, type Command } from 'commander'
import { isRecord } from '../../lib/is-record.js'
import { tokenLifetime } from '../../lib/twilio-limits.js'
import { newCommand, wholeSeconds, withExamples } from '../command.js'
import { type Io, toExitCode } from '../io.js'
import type { MintOptions } from './mint.js'

/** `mint PRODUCT --identity NAME`. */
export function mintCommand (io: Io, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'mint')
    .description('create a token and print it. The policy does not apply, and the audit log gets no line')
    .argument('<product>', 'an enabled product')
    .requiredOption('--identity <name>', 'the name inside the token')
    .option('--ttl <seconds>', `how long it is valid, ${tokenLifetime.min} to ${tokenLifetime.max}; default: TOKEN_TTL`, wholeSeconds)
    .option('--room <room>', 'video: the room it is for')
    .option('--request <json>', 'the properties of a request for this product, as a JSON object', jsonObject)
    .option('--json', 'print the whole answer as JSON')
    .action(async (product: string, options: MintOptions) => done(await toExitCode(io, async () => {
      const { mint } = await import('./mint.js')
      return mint(io, product, options)
    }))),
  'npx twilio-token-broker mint video --identity susan --room "My Room"',
  'npx twilio-token-broker mint voice --identity susan --ttl 600 --request \'{"outgoing":false}\' --json')
}

function jsonObject (text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {}
  throw new InvalidArgumentError('It must be a JSON object.')
}
