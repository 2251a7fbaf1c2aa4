import type { FastifyRequest } from 'fastify'
import type { Recorder } from '../audit/audit-log.js'
import type { Caller } from '../callers/store.js'
import type { Mint } from './mint.js'
import { chooser } from '../policy/patterns.js'
import type { Policy, Rule } from '../policy/policy.js'
import { notAllowed, Problem, problem } from '../problems.js'
import type { EnabledProduct, Grant, IdentityRule, LoadedProduct } from '../products/contract.js'
import { forbid } from '../products/refusals.js'

export interface IssueOptions {
  policy: Policy
  mint: Mint
  audit: Recorder
  /** Seconds: what a caller gets, and the most it may ask for where no policy says more. */
  ttl: { default: number, max: number }
}

/** One product, and the properties of the request that are its own. */
export interface Wanted extends EnabledProduct {
  request: object
}

export interface Asked {
  ttl?: number
  identity?: string
}

export interface Answer {
  token: string
  identity: string
  /** Seconds. */
  expiresIn: number
  /** ISO 8601. */
  expiresAt: string
}

export interface Granted {
  product: LoadedProduct
  grant: Grant
}

/** What one caller gets: decided once for a request, then asked for each product. */
export interface Decision {
  identity: string
  /** Seconds. */
  ttl: number
  /** @throws Problem when the policy, the settings or the identity stand against it */
  grant (wanted: Wanted): Granted
  /** What only the policy would have refused, under `mode: audit`. */
  wouldRefuse (): string | undefined
}

/** Everything, as far as the product is configured: what a rule means that has no say. */
const open: Rule = { allow: () => ({}), mayName: () => true }

/**
 * Who may have what. Nothing is narrowed: what is asked for is given or refused.
 * @throws Problem `not-allowed`
 */
export function decide ({ policy, ttl }: Pick<IssueOptions, 'policy' | 'ttl'>, caller: Caller, asked: Asked): Decision {
  const refusals: string[] = []
  const choose = chooser(caller)
  /** The policy's no: final, or a note for the audit while the policy is tried out. */
  const policyRefuses = (refused: Problem): void => {
    if (policy.mode === 'enforce') throw refused
    refusals.push(refused.message)
  }
  const unless = (allowed: boolean, property: string, sentence: string): void => {
    if (!allowed) policyRefuses(notAllowed(property, sentence))
  }

  const found = policy.ruleFor(caller)
  if (found === null) policyRefuses(problem('not-allowed', { detail: 'No rule of the policy is for this caller.' }))
  const rule = found ?? open

  const identity = asked.identity?.normalize('NFC') ?? caller.identity
  unless(identity === caller.identity || rule.mayName(identity, caller), 'identity', 'not one that this caller may name')

  const max = rule.maxTtl ?? ttl.max
  const life = asked.ttl ?? Math.min(ttl.default, max)
  if (life > Math.max(max, ttl.max)) throw notAllowed('ttl', `at most ${max} seconds for this caller`)
  unless(life <= max, 'ttl', `at most ${max} seconds for this caller`)

  return {
    identity,
    ttl: life,
    grant ({ product, settings, request }) {
      const { name } = product
      const ask = (allow: object): Granted => {
        unsuitable(name, identity, product.identity)
        return { product, grant: product.grant({ settings, request, allow, identity, choose }) }
      }
      try {
        return ask(rule.allow(name) ?? forbid(name, 'not allowed for this caller'))
      } catch (error) {
        if (policy.mode === 'enforce' || !(error instanceof Problem)) throw error
        // Without a policy it is granted, or refused for what else stands against it: a direction that the policy takes away can make what is left a 400.
        const granted = ask({})
        refusals.push(inWords(error))
        return granted
      }
    },
    wouldRefuse: () => refusals.length === 0 ? undefined : refusals.join('; ')
  }
}

/** Of what has no form, what is said of each property; `detail` says the same of all such requests. */
function inWords ({ code, message, options: { errors = [] } }: Problem): string {
  return code === 'request-invalid' ? errors.map(({ path, message }) => `${path.slice(1)}: ${message}.`).join(' ') : message
}

function unsuitable (product: string, identity: string, { maxLength, characters, described }: IdentityRule): void {
  if (identity.length <= maxLength && characters === undefined) return
  const all = [...identity]
  if (all.length > maxLength) {
    throw problem('identity-unsuitable', { detail: `identity: ${product} takes at most ${maxLength} characters.` })
  }
  const bad = characters && all.findIndex(character => !characters.test(character))
  if (bad !== undefined && bad !== -1) {
    const code = all[bad]!.codePointAt(0)!
    // A character of ASCII can be shown; any other could be one that changes the text around it.
    const shown = code < 0x7f ? `"${all[bad]}" (${unicode(code)})` : unicode(code)
    throw problem('identity-unsuitable', { detail: `identity: ${product} takes ${described} only, and character ${bad + 1} is ${shown}.` })
  }
}

function unicode (code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Signs, writes it down, and only then answers: a token that left without a line could never be accounted for. */
export async function issue ({ mint, audit }: IssueOptions, request: FastifyRequest, decision: Decision, granted: Granted[]): Promise<Answer> {
  const { identity, ttl } = decision
  const { token, grants, expiresAt, sha256 } = mint.sign({ identity, ttl, grants: granted.map(({ grant }) => grant) })
  const products = granted.map(({ product }) => product.name)
  const answer = { token, identity, expiresIn: ttl, expiresAt }
  await audit.record({
    event: 'token.issued',
    requestId: request.id,
    ip: request.address,
    origin: request.headers.origin,
    caller: request.caller?.name,
    identity,
    products,
    grants,
    ttl,
    expiresAt,
    keySid: mint.keySid,
    tokenSha256: sha256,
    wouldRefuse: decision.wouldRefuse()
  })
  request.granted = products
  return answer
}
