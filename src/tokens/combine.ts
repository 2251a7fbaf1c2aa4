import { isDeepStrictEqual } from 'node:util'
import type { ValidateFunction } from 'ajv'
import type { Decision, ProductGrant } from '../policy/decide.js'
import { isRecord } from '../lib/is-record.js'
import { Problem, problem, type SchemaError } from '../problems.js'
import type { EnabledProduct } from '../products/contract.js'
import { validatorOf } from '../lib/ajv.js'

/** What is requested of each product, by its name: `{ "video": { "room": "My Room" }, "sync": {} }` */
export type ProductRequests = Record<string, object>

/** Collects the grants of a token for several products. */
export class GrantCombiner {
  readonly #products: Map<string, { enabled: EnabledProduct, check: ValidateFunction }>

  constructor (products: EnabledProduct[]) {
    this.#products = new Map(products.map(enabled => {
      const { name, entry } = enabled.product
      return [name, { enabled, check: validatorOf(entry) }]
    }))
  }

  /** Validates the entry of each requested product by that product's schema. */
  validate (requested: Record<string, unknown>): SchemaError[] {
    return Object.entries(requested).flatMap(([name, entry]) => {
      const check = this.#products.get(name)?.check
      // A product that is not enabled is 404 later; its entry must be an object all the same.
      if (check === undefined) return isRecord(entry) ? [] : [MUST_BE_OBJECT]
      return check(entry) ? [] : check.errors!.map(error => atProduct(name, error))
    })
  }

  /** Returns the requested names that are enabled products. */
  enabledOf (requested: object): string[] {
    return Object.keys(requested).filter(name => this.#products.has(name))
  }

  /**
   * Returns the grants of all requested products, or fails.
   * @throws Problem `product-unknown`, and what the decision throws, with paths below `/products/<name>`
   */
  requested (requested: ProductRequests, decision: Decision): ProductGrant[] {
    const products = Object.entries(requested).map(([name, request]) => {
      const known = this.#products.get(name)
      if (known === undefined) throw problem('product-unknown')
      return { ...known.enabled, request }
    })
    const granted = products.map(one => namingProduct(one.product.name, () => decision.grant(one)))
    for (const one of granted) {
      const other = granted.find(other => clash(one, other))
      if (other) throw cannotShare(one, other)
    }
    return granted
  }

  /**
   * Returns the grant of every product that the caller may have without saying more.
   * @throws Problem `not-allowed` when there is none
   */
  all (decision: Decision): ProductGrant[] {
    const granted = [...this.#products.values()].flatMap(({ enabled, check }) => {
      const request = {}
      // A product with a required property needs a choice of the caller.
      return check(request) ? ifAllowed(() => decision.grant({ ...enabled, request })) : []
    })
    const ordered = granted.sort((one, other) => deference(one) - deference(other))
    const kept = ordered.filter((one, i) => !ordered.slice(0, i).some(earlier => clash(one, earlier)))
    if (kept.length === 0) {
      throw problem('not-allowed', { detail: 'No product can be granted without a choice. Name a product in "products", with the properties that it needs.' })
    }
    return kept
  }
}

/** Moves an error of a product's entry to its place in the whole body. */
function atProduct (name: string, { instancePath, schemaPath, ...error }: SchemaError): SchemaError {
  return { ...error, instancePath: `/products/${name}${instancePath}`, schemaPath: `#/properties/products/properties/${name}/${schemaPath.slice(2)}` }
}

const MUST_BE_OBJECT: SchemaError = { keyword: 'type', instancePath: '/products', schemaPath: '#/properties/products/', message: 'must be object', params: {} }

function deference ({ product }: ProductGrant): number {
  return Number(product.defersGrant)
}

/** Whether two grants have the same key and differ: a token has only one grant for each key, so the second would replace the first. */
function clash ({ grant: one }: ProductGrant, { grant: other }: ProductGrant): boolean {
  return one.key === other.key && !isDeepStrictEqual(one.toPayload(), other.toPayload())
}

function cannotShare (one: ProductGrant, other: ProductGrant): Problem {
  const message = `${one.product.name} and ${other.product.name} write the same grant differently, so they cannot share a token; request one token each`
  return problem('request-invalid', { detail: `products: ${message}.`, errors: [{ path: '/products', message }] })
}

function ifAllowed (grant: () => ProductGrant): ProductGrant[] {
  try {
    return [grant()]
  } catch (error) {
    if (error instanceof Problem && LEFT_OUT.has(error.code)) return []
    throw error
  }
}

/** A product that is refused with one of these codes is left out of a token for all products. */
const LEFT_OUT = new Set(['not-allowed', 'identity-unsuitable', 'request-invalid'])

/** Adds the product's name to a refusal, unless the refusal is about the product as a whole. */
function namingProduct (name: string, grant: () => ProductGrant): ProductGrant {
  try {
    return grant()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { code, message, options } = error
    if (options.errors?.[0]?.path === `/${name}`) {
      throw problem(code, { ...options, errors: options.errors.map(({ message }) => ({ path: `/products/${name}`, message })) })
    }
    throw problem(code, {
      ...options,
      detail: `${name}: ${message}`,
      // `ttl` stands at the top of the body, for the whole token, and not below a product.
      errors: options.errors?.map(({ path, message }) => ({ path: path === '/ttl' ? path : `/products/${name}${path}`, message }))
    })
  }
}
