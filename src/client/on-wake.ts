interface Target {
  addEventListener?: (name: string, listener: () => void) => void
  removeEventListener?: (name: string, listener: () => void) => void
}

/**
 * Calls back whenever the page may have slept: shown again, back on the network, back from the history. Returns what ends that.
 * A worker has no document, and other runtimes have no events at all: there a late timer shows that they slept.
 */
export function onWake (woken: () => void): () => void {
  // A cast, as tests check this file with Node's types, which know of no page.
  const page = globalThis as unknown as Target & { document?: Target }
  const sources: Array<[Target | undefined, string]> = [[page.document, 'visibilitychange'], [page, 'online'], [page, 'pageshow']]
  for (const [target, name] of sources) target?.addEventListener?.(name, woken)
  return () => {
    for (const [target, name] of sources) target?.removeEventListener?.(name, woken)
  }
}
