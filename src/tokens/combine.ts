import { isDeepStrictEqual } from 'node:util'
import type { ValidateFunction } from 'ajv'
import type { Decision, ProductGrant } from '../policy/decide.js'
import { isRecord } from '../lib/is-record.js'
import { Problem, problem, type SchemaError } from '../problems.js'
import type { EnabledProduct } from '../products/contract.js'
import { validatorOf } from '../lib/ajv.js'

/** `{ "video": { "room": "My Room" }, "sync": {} }` */
export type Named = Record<string, object>

/** Puts several products' grants into one token. */
export class Combiner {
  readonly #products: Map<string, { enabled: EnabledProduct, check: ValidateFunction }>

  constructor (products: EnabledProduct[]) {
    this.#products = new Map(products.map(enabled => {
      const { name, entry } = enabled.product
      return [name, { enabled, check: validatorOf(entry) }]
    }))
  }

  /** What is wrong with the entries of the products that are named; each by what its product takes. */
  faults (named: Record<string, unknown>): SchemaError[] {
    return Object.entries(named).flatMap(([name, entry]) => {
      const check = this.#products.get(name)?.check
      // What is not enabled is 404, if it has the form of an entry.
      if (check === undefined) return isRecord(entry) ? [] : [mustBeObject]
      return check(entry) ? [] : check.errors!.map(error => below(name, error))
    })
  }

  /** The names that are products. */
  known (named: object): string[] {
    return Object.keys(named).filter(name => this.#products.has(name))
  }

  /**
   * All of what is named, each with what its entry may hold, or nothing.
   * @throws Problem `product-unknown`, and what the decision throws, with paths below `/products/<name>`
   */
  named (named: Named, decision: Decision): ProductGrant[] {
    const wanted = Object.entries(named).map(([name, request]) => {
      const known = this.#products.get(name)
      if (known === undefined) throw problem('product-unknown')
      return { ...known.enabled, request }
    })
    const granted = wanted.map(one => within(one.product.name, () => decision.grant(one)))
    for (const one of granted) {
      const other = granted.find(other => clash(one, other))
      if (other) throw cannotShare(one, other)
    }
    return granted
  }

  /**
   * With nothing named, every product that the caller may have without choosing.
   * @throws Problem `not-allowed` when that is none
   */
  all (decision: Decision): ProductGrant[] {
    const granted = [...this.#products.values()].flatMap(({ enabled, check }) => {
      const request = {}
      // A product with a property that must be given needs a choice.
      return check(request) ? unlessRefused(() => decision.grant({ ...enabled, request })) : []
    })
    const ordered = granted.sort((one, other) => deference(one) - deference(other))
    const kept = ordered.filter((one, i) => !ordered.slice(0, i).some(earlier => clash(one, earlier)))
    if (kept.length === 0) {
      throw problem('not-allowed', { detail: 'This caller may have no product without saying more: name one in products, with what it needs.' })
    }
    return kept
  }
}

/** The place of an error of one entry in the whole body. */
function below (name: string, { instancePath, schemaPath, ...error }: SchemaError): SchemaError {
  return { ...error, instancePath: `/products/${name}${instancePath}`, schemaPath: `#/properties/products/properties/${name}/${schemaPath.slice(2)}` }
}

const mustBeObject: SchemaError = { keyword: 'type', instancePath: '/products', schemaPath: '#/properties/products/', message: 'must be object', params: {} }

function deference ({ product }: ProductGrant): number {
  return Number(product.defersGrant)
}

/** A token has one grant a key, so the second of two would take the first one's place. */
function clash ({ grant: one }: ProductGrant, { grant: other }: ProductGrant): boolean {
  return one.key === other.key && !isDeepStrictEqual(one.toPayload(), other.toPayload())
}

function cannotShare (one: ProductGrant, other: ProductGrant): Problem {
  const message = `${one.product.name} and ${other.product.name} write the same grant differently, so they cannot share a token; ask for one each`
  return problem('request-invalid', { detail: `products: ${message}.`, errors: [{ path: '/products', message }] })
}

function unlessRefused (grant: () => ProductGrant): ProductGrant[] {
  try {
    return [grant()]
  } catch (error) {
    if (error instanceof Problem && leftOut.has(error.code)) return []
    throw error
  }
}

const leftOut = new Set(['not-allowed', 'identity-unsuitable', 'request-invalid'])

/** Says of which product a refusal is, where that is not of the product as a whole. */
function within (name: string, grant: () => ProductGrant): ProductGrant {
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
      errors: options.errors?.map(({ path, message }) => ({ path: `/products/${name}${path}`, message }))
    })
  }
}
