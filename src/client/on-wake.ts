interface Target {
  addEventListener?: (name: string, listener: () => void, options: { signal: AbortSignal }) => void
}

/**
 * Calls back whenever the page may have slept, until `signal` is aborted: shown again (an event of the document, which bubbles), back on
 * the network, back from the history. Where there are no such events, as in a worker, a late timer shows it.
 */
export function onWake (woken: () => void, signal: AbortSignal): void {
  for (const name of ['visibilitychange', 'online', 'pageshow']) {
    // A cast, as tests check this file with Node's types, which know of no page.
    (globalThis as Target).addEventListener?.(name, woken, { signal })
  }
}
