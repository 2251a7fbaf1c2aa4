interface Target {
  addEventListener?: (name: string, listener: () => void, options: { signal: AbortSignal }) => void
}

/**
 * Calls `woken` whenever the page may have slept, until `signal` is aborted: it is shown again (an event of the document, which bubbles),
 * is online again, or comes back from the history. Without such events, as in a worker, a late timer shows it.
 */
export function onWake (woken: () => void, signal: AbortSignal): void {
  for (const name of ['visibilitychange', 'online', 'pageshow']) {
    // The cast is there for the tests: they are compiled with Node's types, which lack these events.
    (globalThis as Target).addEventListener?.(name, woken, { signal })
  }
}
