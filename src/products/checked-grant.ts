import type { Grant } from './contract.js'
import { isRecord } from '../lib/is-record.js'

/**
 * Checks what a product's `grant` returned, and computes its payload once. JavaScript does not enforce the type, and a wrong value could
 * sign a token that allows more: JSON writes a promise as `{}`, which allows any room. The payload is a copy, because a product that
 * changes its own object later would change grants that are remembered for others.
 * @throws TypeError that names the product
 */
export function checkedGrant (product: string, returned: unknown): Grant {
  const refuse = (says: string): never => { throw new TypeError(`product ${product}: grant must return { key, toPayload }: ${says}`) }
  if (isPromise(returned)) return refuse('it returned a promise')
  if (!isRecord(returned)) return refuse('it returned no object')
  const grant = returned as Partial<Grant>
  if (typeof grant.key !== 'string' || grant.key === '') return refuse('its key is not a text')
  if (typeof grant.toPayload !== 'function') return refuse('its toPayload is no function')
  const payload: unknown = grant.toPayload()
  if (isPromise(payload) || !isPlain(payload)) return refuse('its toPayload returned no plain object')
  const copy = JSON.parse(JSON.stringify(payload)) as object
  return { key: grant.key, toPayload: () => copy }
}

/** Handles a rejection as well: nobody awaits the promise, so it would end the process. */
function isPromise (value: unknown): boolean {
  if (!(value instanceof Promise)) return false
  value.catch(() => {})
  return true
}

function isPlain (value: unknown): value is object {
  return isRecord(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)
}
