import verify from '../../src/callers/hash-worker.js'
import type { VerifyHash } from '../../src/callers/hasher.js'

/** Verifies in the test's own thread: beside the loader of TypeScript, a worker's start takes seconds, and the tests' hashes are cheap. */
export const verifyHash: VerifyHash = async (hash, password) => verify({ hash, password })
