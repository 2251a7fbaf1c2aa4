import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to whoever asks for any (from 32768 on Linux), and above those of most services. */
const [first, last] = [12_000, 32_000]

/** Each process begins elsewhere: two that run at the same time have other ports. */
let next = first + process.pid * 97 % (last - first)

/**
 * A port of this machine that nobody listens on, and that nothing takes before the caller does: neither a server or client that is
 * given any port, nor another call.
 */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = next++
    if (next === last) next = first
    if (await isFree(port)) return port
  }
}

async function isFree (port: number): Promise<boolean> {
  const listener = createServer().listen(port)
  try {
    await once(listener, 'listening')
  } catch {
    return false
  }
  await once(listener.close(), 'close')
  return true
}
