import type { Login } from '../../src/callers/store.js'

/** A login whose caller waits to the end. */
export const login = (ip = '192.0.2.1'): Login => ({ ip, signal: new AbortController().signal })
