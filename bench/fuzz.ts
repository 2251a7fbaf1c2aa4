/**
 * Sends 100 000 requests that are nearly right to a broker of this process, where an error that nobody caught ends it.
 *
 *     TS_NODE_TRANSPILE_ONLY=1 node --import=@tapjs/typescript/import bench/fuzz.ts [SEED]
 */
import { startBroker, susan } from '../test/helpers/broker.js'
import { fuzzed, sendFuzzed } from '../test/helpers/fuzz.js'
import { ask } from '../test/helpers/http.js'

const seed = Number(process.argv[2] ?? 1)
const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '1000000', LOG_LEVEL: 'error' } })
const start = performance.now()
await sendFuzzed(broker.url, fuzzed(seed, susan), 100_000)
const { status } = await ask(broker.url, { method: 'GET', path: '/healthz' })
console.log(`seed ${seed}: ${Math.round((performance.now() - start) / 1000)} s, /healthz ${status}, ${(await broker.audit()).length} lines in the audit, ${broker.log().split('\n').length - 1} in the log`)
await broker.close()
