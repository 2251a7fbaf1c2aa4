import { LRUCache } from 'lru-cache'
import type { Caller } from '../caller.js'
import type { Decision, ProductGrant } from '../policy/decide.js'
import type { EnabledProduct } from '../products/contract.js'

const MAX_CALLERS = 1000
/** A product's `grant` is pure. One that breaks this rule repeats itself no longer than this. */
const MAX_AGE_MS = 60_000
/** Longer requests are not remembered. */
const MAX_CHARACTERS = 512

/** What a caller may have. */
export interface Granted {
  decision: Decision
  grants: ProductGrant[]
}

interface Last {
  readonly product: EnabledProduct
  /** JSON. */
  readonly request: string
  /** Milliseconds. */
  readonly at: number
  readonly granted: Granted
}

/**
 * Remembers the last request of each caller and what was granted for it: most callers ask for the same again and again. Use one for each
 * policy. A caller that a store returns anew, because its groups or identity may have changed, is another object, and so has no last
 * request.
 */
export class LastGrants {
  readonly #last = new LRUCache<Caller, Last>({ max: MAX_CALLERS })
  readonly #now: () => number

  /** @param now milliseconds */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Returns what was granted for an equal request, or what `grant` returns. Remembers no refusal. */
  reuse (caller: Caller, product: EnabledProduct, request: object, grant: () => Granted): Granted {
    const text = JSON.stringify(request)
    const last = this.#last.get(caller)
    const now = this.#now()
    if (last?.product === product && last.request === text && now - last.at < MAX_AGE_MS) return last.granted
    const granted = grant()
    if (text.length <= MAX_CHARACTERS) this.#last.set(caller, { product, request: text, at: now, granted })
    return granted
  }
}
