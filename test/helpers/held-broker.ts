import { request } from 'node:http'
import type { Test } from 'tap'
import { basic, startBroker } from './broker.js'
import { heldHashes } from './held-hashes.js'
import { heldTimers } from './held-timers.js'
import { ask } from './http.js'

export interface HeldBrokerOptions {
  users: Record<string, string>
  settings?: Record<string, string>
}

/** A broker behind a proxy, so that requests come from everywhere, whose hashes end when the test says so. */
export async function heldBroker (t: Test, { users, settings = {} }: HeldBrokerOptions) {
  const hashes = heldHashes()
  // A login waits for its hash as long as the test holds it.
  heldTimers(t, 20_000)
  const broker = await startBroker({
    users: { olga: 'secret123', ...users },
    settings: { OPERATORS: 'olga', TRUST_PROXY: '127.0.0.1', ...settings },
    verifyHash: hashes.verifyHash
  })
  t.teardown(broker.close)
  t.teardown(hashes.release)
  /** How many hashes wait; asked as a caller who is remembered. */
  const waiting = async (count: number) =>
    (await ask(broker.url, { method: 'GET', path: '/metrics', as: basic('olga', 'secret123') })).text.includes(`token_broker_hashes_waiting ${count}\n`)
  t.ok(await waiting(0))
  return {
    url: broker.url,
    log: broker.log,
    audit: broker.audit,
    hashes,
    waiting,
    /** The status, or the code where there is one. */
    async login (ip: string, name: string, password: string): Promise<string | number> {
      const { status, body } = await ask(broker.url, { as: basic(name, password), headers: { 'X-Forwarded-For': ip } })
      return body.code ?? status
    },
    /** Sends a login and does not wait for its answer. @returns hangs up */
    send (ip: string, name: string, password: string): () => Promise<unknown> {
      const sent = request(`${broker.url}/token/video`, { headers: { Authorization: basic(name, password), 'X-Forwarded-For': ip }, agent: false })
      sent.on('error', () => {}).end()
      return async () => {
        const closed = new Promise(resolve => sent.once('close', resolve))
        sent.destroy()
        await closed
      }
    }
  }
}
