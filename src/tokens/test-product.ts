import { isDeepStrictEqual } from 'node:util'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { newAjv, validatorOf } from '../lib/ajv.js'
import { tokenLifetime } from '../lib/twilio-limits.js'
import { decide } from '../policy/decide.js'
import { allowAll, type Policy } from '../policy/policy.js'
import { invalidRequest } from '../problems.js'
import type { LoadedProduct, Product } from '../products/contract.js'
import { loadedProduct } from '../products/define.js'
import { mustFit } from '../products/fit.js'

export interface ProductTest {
  /** The product's own settings, as text or as values of its schema. Default: none is set. */
  settings?: object
  /** The product's part of the request's body. Default: `{}`. */
  request?: object
  /** The policy's entry for the product. Default: `{}`, which allows all that the product is configured for. */
  allow?: object
  /** The caller's name, which is also the name inside the token. Default: `susan`. */
  identity?: string
}

/** The product's part of a token, as `testProduct` returns it. */
export interface TestedGrant {
  /** The name of the grant in the token. */
  key: string
  payload: object
}

interface Prepared {
  product: LoadedProduct
  isSettings: ValidateFunction
  isAllow: ValidateFunction
}

const prepared = new WeakMap<Product, Prepared>()

/**
 * Tests a product without a server. Settings, request, policy entry and identity are checked by the code that the broker uses. Calls
 * `grant` twice with frozen values, so that an impure one fails.
 *
 * @returns the product's part of the token
 * @throws Problem the error that a caller would get: `code` and `status`, and `options.errors` with each property at fault
 * @throws TypeError for a product that the broker would not load, for settings or a policy entry that do not fit its schemas,
 * and for a `grant` that returns no grant, another one each time, or changes what it is given
 * @example
 * testProduct(video, { request: { room: 'lobby' }, allow: { rooms: ['lobby'] } })  // { key: 'video', payload: { room: 'lobby' } }
 */
export function testProduct (plugin: Product, { settings = {}, request = {}, allow = {}, identity = 'susan' }: ProductTest = {}): TestedGrant {
  const { product, isSettings, isAllow } = prepare(plugin)
  const own = frozen(settings, own => checkSettings(product, own, isSettings))
  const entry = frozen(allow, entry => check(product, 'allow', entry, isAllow))
  const asked = frozen(request, asked => {
    const isEntry = validatorOf(product.entry)
    if (!isEntry(asked)) throw invalidRequest(isEntry.errors!, 'body')
  })

  const policy: Policy = { ...allowAll, ruleFor: caller => ({ ...allowAll.ruleFor(caller)!, allow: () => entry }) }
  const decision = decide({ policy, ttl: { default: tokenLifetime.max, max: tokenLifetime.max } }, { name: identity, identity }, {})
  const [grant, again] = [1, 2].map(() => {
    const { key, toPayload } = decision.grant({ product, settings: own, request: asked }).grant
    return { key, payload: toPayload() }
  }) as [TestedGrant, TestedGrant]
  if (!isDeepStrictEqual(grant, again)) throw new TypeError(`product ${product.name}: grant must return the same result for the same context, but the second call returned another one`)
  return grant
}

function prepare (plugin: Product): Prepared {
  let found = prepared.get(plugin)
  if (found === undefined) {
    const product = loadedProduct(plugin)
    mustFit(product)
    found = { product, isSettings: newAjv('settings').compile(product.settings), isAllow: newAjv('policy').compile(product.allow) }
    prepared.set(plugin, found)
  }
  return found
}

/** Copies a value, lets the check write defaults into the copy, and freezes it. */
function frozen (value: object, check: (copy: object) => void): object {
  const copy = structuredClone(value)
  check(copy)
  return freeze(copy)
}

function freeze<T> (value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
  return value
}

/** Refuses a misspelt setting, as the broker does among the variables of the environment. */
function checkSettings (product: LoadedProduct, settings: object, isSettings: ValidateFunction): void {
  const unknown = Object.keys(settings).find(name => !Object.hasOwn(product.settings.properties, name))
  if (unknown !== undefined) throw new TypeError(`product ${product.name}: ${unknown} is not among its settings`)
  check(product, 'settings', settings, isSettings)
}

function check (product: LoadedProduct, field: string, value: object, isValid: ValidateFunction): void {
  if (isValid(value)) return
  const says = isValid.errors!.map(({ instancePath, message }: ErrorObject) => `${field}${instancePath} ${message}`)
  throw new TypeError(`product ${product.name}: ${says.join('; ')}`)
}
