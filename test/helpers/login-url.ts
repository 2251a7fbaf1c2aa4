import { inspect } from 'node:util'
import type { Test } from 'tap'
import { loginUrlStore } from '../../src/callers/stores/login-url.js'
import { Problem } from '../../src/problems.js'
import { loginServer, type Handler } from './login-server.js'
import { login } from './login.js'

/** A store over a login of the test's own, and what it said. */
export async function open (t: Test, handler: Handler, change = (url: string) => url) {
  const server = await loginServer(handler)
  t.teardown(server.close)
  const said: string[] = []
  const store = loginUrlStore({ url: change(server.url), log: { info: text => said.push(text), warn: text => said.push(text) } })
  t.teardown(() => store.close())
  return { server, store, said, verify: (name = 'susan', password = 'right', from = login()) => store.verify(name, password, from) }
}

/** The cause of an outage; nothing of it may hold a secret. */
export async function cause (t: Test, verifying: Promise<unknown>) {
  const problem = await verifying.then(() => undefined, (error: unknown) => error)
  if (!(problem instanceof Problem)) return t.fail('no Problem', { problem })
  t.has(problem, { code: 'store-unavailable', options: { retryAfter: 5 } })
  const all = inspect(problem, { depth: Infinity, showHidden: true })
  for (const secret of ['right', 'susan', 'canary']) t.notOk(all.includes(secret), `holds no ${secret}`)
  return (problem.cause as Error).message
}
