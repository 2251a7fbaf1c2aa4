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
  /** Seconds: the default lifetime of a token, and the longest that a caller may request if the policy sets no other. */
  ttl: { default: number, max: number }
  /** How identities are written into tokens. Default: plain. */
  identityForm?: IdentityForm | undefined
}

/** A request for one product's grant. */
export interface ProductRequest extends EnabledProduct {
  /** The properties of the request that are the product's own. */
  request: object
}

export interface ProductGrant {
  product: LoadedProduct
  grant: Grant
  /** Seconds: the longest lifetime of a token with this grant. Undefined if the policy sets none for the product. */
  maxTtl?: number
}

/** The lifetime of a token with these grants, in seconds: the shortest that one of them allows. */
export function tokenTtl ({ ttl }: Pick<Decision, 'ttl'>, grants: readonly ProductGrant[]): number {
  return Math.min(ttl, ...grants.map(({ maxTtl = ttl }) => maxTtl))
}

/** What one caller gets. Created once for a request; `grant` is then called for each product. */
export interface Decision {
  /** As it is written into the token. */
  identity: string
  /** As stores, requests and the policy write it, in NFC. */
  plainIdentity: string
  /** Seconds, before a product's own limit is applied; see `tokenTtl`. */
  ttl: number
  /** @throws Problem if policy, settings or identity do not allow it */
  grant (wanted: ProductRequest): ProductGrant
  /** What only the policy would have refused, under `mode: audit`. */
  wouldRefuse (): string | undefined
}

/** Allows everything that the product is configured for. Used in `mode: audit` if no rule matches the caller. */
const open: Rule = { allow: () => ({}), mayName: () => true }

/**
 * Decides what a caller may have. Never narrows a request silently: it is granted as a whole or refused.
 * @throws Problem `not-allowed`
 */
export function decide ({ policy, ttl, identityForm }: DecisionOptions, caller: Caller, asked: CommonRequest): Decision {
  const refusals: string[] = []
  const choose = chooser(caller)
  /** Refuses by the policy; in `mode: audit`, only notes the refusal for the audit. */
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

  // The policy compares identities before IDENTITY_FORM changes them.
  const plainIdentity = asked.identity?.normalize('NFC') ?? caller.identity
  unless(plainIdentity === caller.identity || rule.mayName(plainIdentity, caller), 'identity', 'the policy does not allow this one')
  const identity = inForm(plainIdentity, identityForm)

  const max = rule.maxTtl ?? ttl.max
  const lifetime = asked.ttl ?? Math.min(ttl.default, max)
  if (lifetime > Math.max(max, ttl.max)) throw notAllowed('ttl', `at most ${max} seconds are allowed`)
  unless(lifetime <= max, 'ttl', `at most ${max} seconds are allowed`)

  return {
    identity,
    plainIdentity,
    ttl: lifetime,
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
        // Decides again without the policy, which may refuse for another reason. Only then notes what the policy would have refused.
        const granted = ask({})
        refusals.push(inWords(error))
        return granted
      }
    },
    wouldRefuse: () => refusals.length === 0 ? undefined : refusals.join('; ')
  }
}

/** The reasons of a refusal. For `request-invalid` they are in `errors`, because its `detail` is always the same. */
function inWords ({ code, message, options: { errors = [] } }: Problem): string {
  return code === 'request-invalid' ? errors.map(({ path, message }) => `${path.slice(1)}: ${message}.`).join(' ') : message
}
