import verify from '../../src/callers/passwords/hash-worker.js'
import type { VerifyHash } from '../../src/callers/passwords/hash-threads.js'

/** Verifies in the test's own thread: the tests' hashes are cheap, and a thread takes longer to start than they take. */
export const verifyHash: VerifyHash = async (hash, password) => verify({ hash, password })
