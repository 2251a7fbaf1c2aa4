import { decide, type Decision, type DecisionOptions } from '../policy/decide.js'
import type { EnabledProduct } from '../products/contract.js'
import type { CommonRequest } from '../products/schemas.js'
import type { GrantCombiner } from '../tokens/combine.js'
import type { CombinedRequest } from '../tokens/combined-request.js'
import { LastGrants, type Granted } from './last-grants.js'
import type { RequestStep } from './request-step.js'

export interface PolicyGrantOptions extends DecisionOptions {
  products: EnabledProduct[]
  combiner: GrantCombiner
}

/**
 * Decides identity and lifetime by the policy, and creates the grants of the token, for the route's product or for several. Refuses what
 * the policy or a product does not allow.
 */
export function grantByPolicy ({ products, combiner, ...options }: PolicyGrantOptions): RequestStep {
  const enabled = new Map(products.map(one => [one.product.name, one]))
  // A reload makes new steps, so nothing is remembered of an old policy.
  const last = new LastGrants()
  return request => {
    const caller = request.caller!
    const body = request.body as CombinedRequest
    const product = enabled.get(request.routeOptions.config.product ?? '')
    const { decision, grants } = product === undefined
      ? grantSeveral(body, decide(options, caller, body), combiner)
      : last.reuse(caller, product, body, () => grantOne(product, body, decide(options, caller, body)))
    request.decision = decision
    request.grants = grants
  }
}

function grantOne (product: EnabledProduct, { ttl, identity, ...request }: CommonRequest, decision: Decision): Granted {
  return { decision, grants: [decision.grant({ ...product, request })] }
}

function grantSeveral ({ products }: CombinedRequest, decision: Decision, combiner: GrantCombiner): Granted {
  return { decision, grants: products === undefined ? combiner.all(decision) : combiner.requested(products, decision) }
}
