import { useState } from 'preact/hooks'
import { now } from './now.js'
import { useNow } from './use-now.js'

/** Names that the broker has locked for a while: no further password is sent for them. */
export function useLock () {
  // By name, until when.
  const [locked, setLocked] = useState<Record<string, number>>({})
  const time = useNow()
  return {
    has: (name: string) => Object.hasOwn(locked, name) && time < locked[name]!,
    /** @param seconds as the broker says */
    add: (name: string, seconds = 0) => setLocked({ ...locked, [name]: now() + seconds * 1000 })
  }
}
