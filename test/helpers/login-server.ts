import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { freePort } from './free-port.js'

export type Credentials = { username: string, password: string }
export type Handler = (credentials: Credentials, response: ServerResponse, request: IncomingMessage) => unknown

/** An application's login on a free port of 127.0.0.1. `handler` may be replaced while it runs. */
export async function loginServer (handler: Handler) {
  const server = createServer(async (request, response) => {
    own.requests++
    // Whoever asks may hang up before the body has come.
    const credentials = await json(request).catch(() => undefined) as Credentials | undefined
    if (credentials !== undefined) own.handler(credentials, response, request)
  })
  const listen = async (port: number) => { await once(server.listen(port, '127.0.0.1'), 'listening') }
  // One that stays ours while the login is stopped.
  const port = await freePort()
  await listen(port)

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
