import { once } from 'node:events'
import { connect } from 'node:net'

/** Whether something on this machine takes connections at a port. */
export async function listens (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false)
  socket.destroy()
  return open
}
