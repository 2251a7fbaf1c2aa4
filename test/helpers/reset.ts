import type { Socket } from 'node:net'

/**
 * Ends a connection with a TCP reset.
 *
 * One that is just being ended is only closed: Node would report EINVAL, keep its handle for ever, and then not exit
 * (https://docs.libuv.org/en/v1.x/tcp.html#c.uv_tcp_close_reset).
 */
export function reset (socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
