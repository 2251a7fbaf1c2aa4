import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startBroker, type Broker, type BrokerOptions } from '../../helpers/broker.js'

export const SESSION_SECRET = 'a-secret-that-two-nodes-have-in-common'

export const refused = (code: string) => ({ status: 401, body: { code } })
export const ended = refused('session-ended')

/** A broker that stops with its test. */
export async function started (t: Test, options: BrokerOptions = {}): Promise<Broker> {
  const broker = await startBroker(options)
  t.teardown(broker.close)
  return broker
}

/** Another node, with the callers of the first. */
export async function anotherNode (t: Test, first: Broker, settings: Record<string, string> = {}): Promise<Broker> {
  const node = await started(t, { settings })
  await node.write('users.htpasswd', await usersOf(first))
  await node.reload()
  return node
}

export const usersOf = ({ folder }: Broker) => readFile(join(folder, 'users.htpasswd'), 'utf8')
