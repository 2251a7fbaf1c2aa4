import type { EnabledProduct } from '../products/contract.js'
import type { GrantCombiner } from '../tokens/combine.js'
import type { CombinedRequest } from '../tokens/combined-request.js'
import type { RequestStep } from './request-step.js'

export interface GrantOptions {
  products: EnabledProduct[]
  combiner: GrantCombiner
}

/** Creates the grants of the token, for the route's product or for several. Refuses what the policy or a product does not allow. */
export function grantProducts ({ products, combiner }: GrantOptions): RequestStep {
  const enabled = new Map(products.map(one => [one.product.name, one]))
  return request => {
    const decision = request.decision!
    const { ttl, identity, ...properties } = request.body as CombinedRequest
    const product = enabled.get(request.routeOptions.config.product ?? '')
    if (product !== undefined) request.grants = [decision.grant({ ...product, request: properties })]
    else request.grants = properties.products === undefined ? combiner.all(decision) : combiner.requested(properties.products, decision)
  }
}
