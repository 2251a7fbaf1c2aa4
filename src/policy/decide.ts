import { isIdentity, type Caller } from '../caller.js'
import { notAllowed, Problem, problem } from '../problems.js'
import type { EnabledProduct, Grant, LoadedProduct } from '../products/contract.js'
import { badRequest, forbid } from '../products/refusals.js'
import type { CommonRequest } from '../products/schemas.js'
import { requireFittingIdentity } from './identity-fit.js'
import { inForm, type IdentityForm } from './identity-form.js'
import { chooser } from './patterns.js'
import type { Policy, Rule } from './policy.js'

export { inForm } from './identity-form.js'

export interface DecisionOptions {
  policy: Policy
  /** Seconds: what a caller gets, and the most it may ask for where no policy says more. */
  ttl: { default: number, max: number }
  /** How identities are written into tokens. Default: plain. */
  identityForm?: IdentityForm | undefined
}

/** What is asked of one product. */
export interface ProductRequest extends EnabledProduct {
  /** The properties of the request that are the product's own. */
  request: object
}

export interface ProductGrant {
  product: LoadedProduct
  grant: Grant
  /** Seconds: the longest life of a token that holds this grant, where the policy says one for the product. */
  maxTtl?: number
}

/** Seconds that a token of these grants lives: no longer than one of them may. */
export function tokenTtl ({ ttl }: Pick<Decision, 'ttl'>, grants: readonly ProductGrant[]): number {
  return Math.min(ttl, ...grants.map(({ maxTtl = ttl }) => maxTtl))
}

/** What one caller gets: decided once for a request, then asked for each product. */
export interface Decision {
  /** As the token holds it. */
  identity: string
  /** As stores, requests and the policy write it, in NFC. */
  plainIdentity: string
  /** Seconds, as far as no product has a shorter life of its own; see `tokenTtl`. */
  ttl: number
  /** @throws Problem when the policy, the settings or the identity stand against it */
  grant (wanted: ProductRequest): ProductGrant
  /** What only the policy would have refused, under `mode: audit`. */
  wouldRefuse (): string | undefined
}

/** Everything, as far as the product is configured: what a rule means that has no say. */
const open: Rule = { allow: () => ({}), mayName: () => true }

/**
 * Decides what a caller may have. Never narrows a request silently: it is granted as a whole or refused.
 * @throws Problem `not-allowed`
 */
export function decide ({ policy, ttl, identityForm }: DecisionOptions, caller: Caller, asked: CommonRequest): Decision {
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

  if (asked.identity !== undefined && !isIdentity(asked.identity)) badRequest('identity', 'must not hold control characters or line breaks')
  const found = policy.ruleFor(caller)
  if (found === null) policyRefuses(problem('not-allowed', { detail: 'No rule of the policy matches this name or its groups.' }))
  const rule = found ?? open

  // The policy speaks of identities as they are, whatever the token makes of them.
  const plainIdentity = asked.identity?.normalize('NFC') ?? caller.identity
  unless(plainIdentity === caller.identity || rule.mayName(plainIdentity, caller), 'identity', 'the policy does not allow this one')
  const identity = inForm(plainIdentity, identityForm)

  const max = rule.maxTtl ?? ttl.max
  const life = asked.ttl ?? Math.min(ttl.default, max)
  if (life > Math.max(max, ttl.max)) throw notAllowed('ttl', `at most ${max} seconds are allowed`)
  unless(life <= max, 'ttl', `at most ${max} seconds are allowed`)

  return {
    identity,
    plainIdentity,
    ttl: life,
    grant ({ product, settings, request }) {
      const { name } = product
      const ask = (allow: object): ProductGrant => {
        requireFittingIdentity(name, identity, product.identity)
        return { product, grant: product.grant({ settings, request, allow, identity, choose }) }
      }
      const maxTtl = rule.maxTtlOf?.(name)
      try {
        const allow = rule.allow(name) ?? forbid(name, 'the policy does not allow it')
        if (maxTtl !== undefined && asked.ttl !== undefined && asked.ttl > maxTtl) forbid('ttl', `at most ${maxTtl} seconds for ${name}`)
        return { ...ask(allow), ...(maxTtl !== undefined && { maxTtl }) }
      } catch (error) {
        if (policy.mode === 'enforce' || !(error instanceof Problem)) throw error
        // Without a policy it is granted, or refused for what else stands against it: a direction that the policy takes away can make what
        // is left a 400.
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
