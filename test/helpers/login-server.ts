import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export type Credentials = { username: string, password: string }
export type Handler = (credentials: Credentials, response: ServerResponse, request: IncomingMessage) => unknown

/** An application's login on a free port of 127.0.0.1. `handler` may be replaced while it runs. */
export async function loginServer (handler: Handler) {
  const server = createServer(async (request, response) => {
    own.requests++
    own.handler(await json(request) as Credentials, response, request)
  })
  const listen = async (port: number) => { await once(server.listen(port, '127.0.0.1'), 'listening') }
  await listen(0)
  const { port } = server.address() as AddressInfo

  const own = {
    handler,
    requests: 0,
    port,
    url: `http://127.0.0.1:${port}/login`,
    start: () => listen(port),
    async stop () {
      const closed = once(server, 'close')
      server.close().closeAllConnections()
      await closed
    },
    async close () {
      if (server.listening) await own.stop()
    }
  }
  return own
}

/** Answers as an application does. */
export function answer (response: ServerResponse, status: number, body?: unknown) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? undefined : JSON.stringify(body))
}

export const yes: Handler = (_credentials, response) => answer(response, 200, {})
export const no: Handler = (_credentials, response) => answer(response, 401)
export const silent: Handler = () => {}
