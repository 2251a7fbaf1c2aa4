import { once } from 'node:events'
import { createConnection, createServer, type NetConnectOpts, type Socket } from 'node:net'
import { freePort } from './free-port.js'
import { reset } from './reset.js'

/**
 * A TCP proxy on a free port of 127.0.0.1 that can go wrong as networks do.
 * - `pass`: to and from the server.
 * - `swallow`: connections are taken and nothing ever comes back, not even the answer to a goodbye. Those that
 *   were swallowed stay dead when `pass` returns, as behind a firewall that has forgotten them.
 * - `refuse`: nobody listens, and connections are reset.
 */
export async function blackHole (server: NetConnectOpts) {
  const taken = new Set<Socket>()
  const swallowed = new WeakSet<Socket>()
  let swallowing = false

  const listener = createServer({ allowHalfOpen: true }, socket => {
    taken.add(socket)
    // A reset is what the test asked for.
    socket.on('error', () => {}).on('close', () => taken.delete(socket))
    if (swallowing) {
      socket.resume()
      return
    }
    const onward = createConnection(server)
    socket.pipe(onward).pipe(socket)
    socket.on('close', () => onward.destroy())
    onward.on('error', () => {}).on('close', () => { if (!swallowed.has(socket)) socket.destroy() })
  })

  const listen = async (port: number) => { await once(listener.listen(port, '127.0.0.1'), 'listening') }
  // One that stays ours while nobody listens there.
  const port = await freePort()
  await listen(port)

  return {
    port,
    /** Connections that it has taken and not closed. */
    get taken () { return taken.size },

    async pass () {
      swallowing = false
      if (!listener.listening) await listen(port)
    },

    swallow () {
      swallowing = true
      for (const socket of taken) {
        swallowed.add(socket)
        socket.unpipe().resume()
      }
    },

    async refuse () {
      const closed = once(listener, 'close')
      listener.close()
      for (const socket of taken) reset(socket)
      await closed
    },

    async close () {
      for (const socket of taken) socket.destroy()
      if (listener.listening) await once(listener.close(), 'close')
    }
  }
}
