import type { Hold } from '../limits/counters.js'

/** Of a name at an address, and of the name over all addresses. */
export type Holds = [Hold | Promise<Hold>, Hold | Promise<Hold>]

export function isRefused (hold: Hold | Promise<Hold>): boolean {
  return !(hold instanceof Promise) && hold.exceeded
}

export function isHeld (hold: Hold | Promise<Hold>): hold is Hold {
  return !(hold instanceof Promise || hold.exceeded)
}

/** Both holds or none. */
export async function both (asked: Holds): Promise<[Hold, Hold]> {
  try {
    return await Promise.all(asked)
  } catch (error) {
    for (const hold of asked) Promise.resolve(hold).then(granted => granted.release(), () => {})
    throw error
  }
}
