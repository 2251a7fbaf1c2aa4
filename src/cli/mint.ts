import { InvalidArgumentError, type Command } from 'commander'
import { isRecord } from '../lib/is-record.js'
import { decide } from '../policy/decide.js'
import type { CommonRequest } from '../products/schemas.js'
import { createMint } from '../tokens/mint.js'
import { allowAll } from '../policy/policy.js'
import { didYouMean } from '../lib/did-you-mean.js'
import { tokenLife } from '../lib/twilio-limits.js'
import { Problem, invalidRequest } from '../problems.js'
import { readSettings } from '../settings/load.js'
import { validatorOf } from '../lib/ajv.js'
import { newCommand, withExamples } from './command.js'
import { exitCodes, Failure, type Io, toExitCode } from './io.js'

interface MintOptions {
  identity: string
  ttl?: number
  room?: string
  request?: object
  json?: boolean
}

/** `mint PRODUCT --identity NAME`. */
export function mintCommand (io: Io, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'mint')
    .description('make a token and write it to standard output. It is the operator\'s own: no policy is asked, and the audit, which is of requests, has no line of it')
    .argument('<product>', 'an enabled product')
    .requiredOption('--identity <name>', 'the name inside the token')
    .option('--ttl <seconds>', `how long it lives, ${tokenLife.min} to ${tokenLife.max}; by default TOKEN_TTL`, seconds)
    .option('--room <room>', 'video: the room that it opens')
    .option('--request <json>', 'what a request of the product may hold, as a JSON object', jsonObject)
    .option('--json', 'write the whole answer as JSON')
    .action(async (product: string, options: MintOptions) => done(await toExitCode(io, () => mint(io, product, options)))),
  'twilio-token-broker mint video --identity susan --room "My Room"',
  'twilio-token-broker mint voice --identity susan --ttl 600 --request \'{"outgoing":false}\' --json')
}

/** @throws Failure 78 for settings that are not right, 2 for what no token can be made of */
async function mint (io: Io, name: string, { identity: typed, ttl, json, room, request }: MintOptions): Promise<number> {
  const { settings, products, mistakes } = await readSettings(io.env, io.cwd)
  if (mistakes.length > 0) throw new Failure(exitCodes.settings, mistakes.join('\n'))
  const own = products.find(({ product }) => product.name === name)
  if (own === undefined) throw new Failure(exitCodes.usage, `${name} is not an enabled product${didYouMean(name, products.map(({ product }) => product.name))}`)
  const twice = Object.entries({ identity: typed, ttl, room }).find(([name, value]) => value !== undefined && request !== undefined && Object.hasOwn(request, name))
  if (twice !== undefined) throw new Failure(exitCodes.usage, `${twice[0]} is given by --${twice[0]} and in --request; give it once`)
  const identity = typed.normalize('NFC')
  // No caller's name: what a policy lets a caller name may be longer, and is held to the product's own rule alone.
  const asked = { identity, ...request, ...(room !== undefined && { room }), ...(ttl !== undefined && { ttl }) }
  const answer = refusing(() => {
    const takes = validatorOf(own.product.body)
    if (!takes(asked)) throw invalidRequest(takes.errors!, 'body')
    const { ttl: life, identity: other, ...properties } = asked as CommonRequest
    const decision = decide({ policy: allowAll, ttl: { default: settings.TOKEN_TTL, max: tokenLife.max } }, { name: identity, identity }, { ttl: life, identity: other })
    const signer = createMint({ accountSid: settings.TWILIO_ACCOUNT_SID, keySid: settings.TWILIO_API_KEY_SID, keySecret: settings.TWILIO_API_KEY_SECRET, region: settings.TWILIO_REGION })
    const { token, expiresAt } = signer.sign({ identity, ttl: decision.ttl, grants: [decision.grant({ ...own, request: properties }).grant] })
    return { token, identity, expiresIn: decision.ttl, expiresAt }
  })
  io.stdout.write(`${json ? JSON.stringify(answer) : answer.token}\n`)
  return exitCodes.ok
}

/** A refusal in the words of the API. */
function refusing<T> (work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { message, options: { errors = [] } } = error
    throw new Failure(exitCodes.usage, errors.length > 0 ? errors.map(({ path, message }) => `${path.slice(1) || 'the request'}: ${message}`).join('\n') : message)
  }
}

function seconds (text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}

function jsonObject (text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {}
  throw new InvalidArgumentError('It must be a JSON object.')
}
