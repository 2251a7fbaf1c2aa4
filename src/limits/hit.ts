import type { Hold } from './counters.js'

/** A class rather than a literal with functions: made for each request, and many times as fast. */
export class CountResult implements Hold {
  constructor (
    readonly used: number,
    readonly held: number,
    readonly max: number,
    readonly resetMs: number,
    readonly exceeded: boolean,
    private readonly settle?: (givenBack: 0 | 1) => void
  ) {}

  commit (): void {
    this.settle?.(0)
  }

  release (): void {
    this.settle?.(1)
  }
}
