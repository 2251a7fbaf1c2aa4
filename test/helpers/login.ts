import type { LoginContext } from '../../src/callers/store.js'

/** Where callers of tests log in from. */
export const home = '192.0.2.1'
export const elsewhere = '198.51.100.1'

/** A login whose caller waits to the end. */
export const login = (ip = home): LoginContext => ({ ip, signal: new AbortController().signal })
