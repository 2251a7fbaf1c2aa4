import type { preHandlerHookHandler, preValidationHookHandler } from 'fastify'
import { isRecord } from '../lib/is-record.js'
import { validatorOf } from '../lib/ajv.js'
import { invalidRequest } from '../problems.js'
import type { EnabledProduct } from '../products/contract.js'
import type { GrantCombiner } from '../tokens/combine.js'

/** Notes the products that a request for several names, for the audit. */
export function noteProducts ({ combiner }: { combiner: GrantCombiner }): preValidationHookHandler {
  return (request, _reply, done) => {
    if (request.requestedProducts === null && isRecord(request.body) && isRecord(request.body.products)) {
      request.requestedProducts = combiner.enabledOf(request.body.products)
    }
    done()
  }
}

/** Refuses a GET for a product that has a required property. Fastify checks the body of a POST, and none of a GET. */
export function validateGet ({ products }: { products: EnabledProduct[] }): preHandlerHookHandler {
  const checks = new Map(products.map(({ product: { name, body } }) => [name, validatorOf(body)]))
  return ({ method, body, routeOptions: { config } }, _reply, done) => {
    const check = method === 'GET' ? checks.get(config.product!)! : undefined
    done(check === undefined || check(body) ? undefined : invalidRequest(check.errors!, 'body'))
  }
}
