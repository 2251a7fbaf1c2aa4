import { decoyKey as keyOf } from '../../src/callers/passwords/decoys.js'

/** What chooses the decoys of a test's store. */
export const decoyKey = keyOf('the secret of tests')
