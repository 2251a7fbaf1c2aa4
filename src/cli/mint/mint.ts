import { textsOf } from '../../lib/diagnostic.js'
import { decide } from '../../policy/decide.js'
import type { CommonRequest } from '../../products/schemas.js'
import { createMint } from '../../tokens/mint.js'
import { allowAll } from '../../policy/policy.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import { tokenLifetime } from '../../lib/twilio-limits.js'
import { Problem, invalidRequest } from '../../problems.js'
import { readSettings } from '../../settings/load.js'
import { validatorOf } from '../../lib/ajv.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { errorLines } from '../problem-lines.js'

export interface MintOptions {
  identity: string
  ttl?: number
  room?: string
  request?: object
  json?: boolean
}

/**
 * Writes a token.
 * @throws Failure 78 for wrong settings, 2 for a request that no token can be made for
 */
export async function mint (io: Io, name: string, { identity: typed, ttl, json, room, request }: MintOptions): Promise<number> {
  const { settings, products, diagnostics } = await readSettings(io.env, io.cwd)
  const mistakes = textsOf(diagnostics, 'mistake')
  if (mistakes.length > 0) throw new Failure(exitCodes.settings, mistakes.join('\n'))
  const enabled = products.find(({ product }) => product.name === name)
  if (enabled === undefined) throw new Failure(exitCodes.usage, `${name} is not an enabled product${didYouMean(name, products.map(({ product }) => product.name))}`)
  const twice = Object.entries({ identity: typed, ttl, room }).find(
    ([name, value]) => value !== undefined && request !== undefined && Object.hasOwn(request, name)
  )
  if (twice !== undefined) throw new Failure(exitCodes.usage, `${twice[0]} is given by --${twice[0]} and in --request; give it once`)
  const identity = typed.normalize('NFC')
  // Not checked like a caller's name: an identity may be longer, and only the product's own rule applies to it.
  const body = { identity, ...request, ...(room !== undefined && { room }), ...(ttl !== undefined && { ttl }) }
  const answer = orUsageFailure(() => {
    const validate = validatorOf(enabled.product.body)
    if (!validate(body)) throw invalidRequest(validate.errors!, 'body')
    const { ttl: life, identity: other, ...properties } = body as CommonRequest
    const decision = decide(
      { policy: allowAll, ttl: { default: settings.TOKEN_TTL, max: tokenLifetime.max } },
      { name: identity, identity },
      { ttl: life, identity: other }
    )
    const signer = createMint({
      accountSid: settings.TWILIO_ACCOUNT_SID,
      keySid: settings.TWILIO_API_KEY_SID,
      keySecret: settings.TWILIO_API_KEY_SECRET,
      region: settings.TWILIO_REGION
    })
    const { token, expiresAt } = signer.sign({
      identity,
      ttl: decision.ttl,
      grants: [decision.grant({ ...enabled, request: properties }).grant]
    })
    return { token, identity, expiresIn: decision.ttl, expiresAt }
  })
  io.stdout.write(`${json ? JSON.stringify(answer) : answer.token}\n`)
  return exitCodes.ok
}

/** Runs `work`. A Problem that it throws becomes a usage Failure with the same text. */
function orUsageFailure<T> (work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const lines = errorLines(error)
    throw new Failure(exitCodes.usage, lines.length > 0 ? lines.join('\n') : error.message)
  }
}
