import { useState } from 'preact/hooks'
import type { Session } from './session.js'

/** A state that its view finds again when it comes back. */
export function useKept<Value> ({ kept }: Pick<Session, 'kept'>, name: string, initial: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => kept.has(name) ? kept.get(name) as Value : initial)
  const keep = (value: Value): void => {
    kept.set(name, value)
    setValue(() => value)
  }
  return [value, keep]
}
