import { isRecord } from '../lib/is-record.js'
import { validatorOf } from '../lib/ajv.js'
import { invalidRequest } from '../problems.js'
import type { EnabledProduct } from '../products/contract.js'
import type { GrantCombiner } from '../tokens/combine.js'
import type { RequestStep } from './request-step.js'

/** Stores the products that a request for several products names, for the audit. */
export function noteProducts ({ combiner }: { combiner: GrantCombiner }): RequestStep {
  return request => {
    if (request.requestedProducts === null && isRecord(request.body) && isRecord(request.body.products)) {
      request.requestedProducts = combiner.enabledOf(request.body.products)
    }
  }
}

/** Refuses a GET for a product that has a required property. Fastify checks the body of a POST, and none of a GET. */
export function validateGet ({ products }: { products: EnabledProduct[] }): RequestStep {
  const checks = new Map(products.map(({ product: { name, body } }) => [name, validatorOf(body)]))
  return ({ method, body, routeOptions: { config } }) => {
    const check = method === 'GET' ? checks.get(config.product!)! : undefined
    if (check !== undefined && !check(body)) throw invalidRequest(check.errors!, 'body')
  }
}
