/** Numbers that look random and are the same in every run: mulberry32, public domain. */
export function random (seed: number) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    /** True in one case of `n`. */
    oneIn: (n: number) => next() < 1 / n,
    pick: <T>(from: readonly T[]) => from[Math.floor(next() * from.length)]!,
    /** A list of `least` to `most` entries. */
    list: <T>(least: number, most: number, make: () => T) => Array.from({ length: least + Math.floor(next() * (most - least + 1)) }, make)
  }
}
