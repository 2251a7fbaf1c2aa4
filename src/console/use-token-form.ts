import { fieldsOf, requestOf, sharedFieldsOf, type Field, type Picked, type TokenRequest, type Typed } from './request-form.js'
import type { Session } from './session.js'
import { useKept } from './use-kept.js'

export interface TokenFormState {
  /** Names of products. */
  picked: string[]
  /** What may be filled in for each of them, and is. */
  products: Picked[]
  /** What may be filled in for all of them, and is. */
  shared: Field[]
  sharedTyped: Typed
  /** What the form asks for; undefined where it cannot be sent. */
  request: TokenRequest | undefined
  pick (name: string): void
  /** @param name of a product; empty for what all share */
  type (name: string, typed: Typed): void
}

/** What is filled in. The first product is picked. */
export function useTokenForm (session: Session): TokenFormState {
  const { offers } = session
  const [picked, setPicked] = useKept<string[]>(session, 'picked', offers.products.slice(0, 1).map(({ name }) => name))
  const [typed, setTyped] = useKept<Record<string, Typed>>(session, 'typed', {})
  const chosen = offers.products.filter(({ name }) => picked.includes(name))
  const products = chosen.map(
    ({ name, properties, required, allow }) => ({ name, fields: fieldsOf(properties, required, allow), typed: typed[name] ?? {} })
  )
  const shared = sharedFieldsOf(offers.shared, offers.bounds, chosen.map(({ allow }) => allow))
  const sharedTyped = typed[''] ?? {}
  return {
    picked,
    products,
    shared,
    sharedTyped,
    request: requestOf(products, shared, sharedTyped),
    pick: name => setPicked(picked.includes(name) ? picked.filter(other => other !== name) : [...picked, name]),
    type: (name, values) => setTyped({ ...typed, [name]: values })
  }
}
