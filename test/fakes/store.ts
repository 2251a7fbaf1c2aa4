import type { Caller, CallerStore, LoginContext } from '../../src/callers/store.js'

interface Asked extends LoginContext {
  readonly name: string
  readonly password: string
}

/** A store of callers in memory, whose answers can be held back, replaced, or outlived. */
export class FakeStore implements CallerStore {
  cacheMs = 3_600_000
  /** Every call of `verify`, in order. */
  readonly asked: Asked[] = []
  /** Stands in place of the answer, which may be anything that broken code could do. */
  answerWith: ((asked: Asked) => unknown) | undefined
  readonly #callers = new Map<string, { password: string, caller: Caller }>()
  #held: Array<() => void> | undefined

  constructor (passwords: Record<string, string> = { susan: 'correct horse' }) {
    for (const [name, password] of Object.entries(passwords)) this.set(name, password)
  }

  /** Adds a caller, or gives one a new password. */
  set (name: string, password: string): void {
    this.#callers.set(name, { password, caller: { name, identity: name } })
  }

  remove (name: string): void {
    this.#callers.delete(name)
  }

  /** From now on answers wait for `release`. */
  hold (): void {
    this.#held = []
  }

  /** Lets so many answers out, in the order they were asked for; by default all of them, and those to come. */
  release (count = Infinity): void {
    const free = this.#held?.splice(0, count)
    if (count === Infinity) this.#held = undefined
    for (const go of free ?? []) go()
  }

  async verify (name: string, password: string, login: LoginContext): Promise<Caller | null> {
    const asked = { name, password, ...login }
    this.asked.push(asked)
    if (this.#held !== undefined) await new Promise<void>(resolve => this.#held?.push(resolve))
    if (this.answerWith !== undefined) return await this.answerWith(asked) as Caller
    const known = this.#callers.get(name)
    return known?.password === password ? known.caller : null
  }

  isCurrent (caller: Caller): boolean {
    return this.#callers.get(caller.name)?.caller === caller
  }

  async close (): Promise<void> {}
}
