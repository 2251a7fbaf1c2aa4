/** In memory alone: a token is as good as a password, so it may not stand in an address. */
let text = ''

/** Gives a token to the view that explains it, which takes it when it opens. */
export function handOver (token: string): void {
  text = token
}

/** Returns what was handed over, once. */
export function takeHandedOver (): string {
  const taken = text
  text = ''
  return taken
}
