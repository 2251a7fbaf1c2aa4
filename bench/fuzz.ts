/**
 * Sends requests that are nearly right to a broker of this process, where an error that nobody caught ends it. Ends well when the
 * broker met nothing that it did not expect, still serves, and has in its audit a token and a refusal at least.
 *
 *     npm run bench -- fuzz -- [SEED] [REQUESTS]
 *
 * Without arguments, 100 000 requests of seed 1. The tests send 20 000.
 */
import { startBroker, susan } from '../test/helpers/broker.js'
import { fuzzed, sendFuzzed } from '../test/helpers/fuzz.js'
import { ask } from '../test/helpers/http.js'

const [seed = 1, requests = 100_000] = process.argv.slice(2).map(Number)
const broker = await startBroker({ settings: { RATE_LIMIT_MAX: '1000000', LOG_LEVEL: 'error' } })
const start = performance.now()
await sendFuzzed(broker.url, fuzzed(seed, susan), requests)
const seconds = Math.round((performance.now() - start) / 1000)
const { status } = await ask(broker.url, { as: susan })
const lines = await broker.audit()
const unexpected = broker.log().split('\n').filter(Boolean)
const count = (event: string) => lines.filter(line => line.event === event).length
console.log(`seed ${seed}: ${requests} requests in ${seconds} s; then a token: ${status}; audit: ${count('token.issued')} tokens, ${count('token.refused')} refusals; unexpected: ${unexpected.length}`)
for (const line of unexpected.slice(0, 10)) console.log(line)
await broker.close()
const codes = new Set(lines.map(({ code }) => code))
if (unexpected.length > 0 || status !== 200 || !codes.has(undefined) || codes.size < 2) process.exitCode = 1
