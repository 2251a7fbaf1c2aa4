import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { selfSigned } from './certificate.js'
import type { Connection, Protocol, SeenToken } from './protocol.js'
import { TokenEnd } from './token-end.js'
import { twilsock } from './twilsock.js'
import { verify, type Account, type Product } from './verify.js'
import { video } from './video.js'
import { voice } from './voice.js'

/** Which protocol is spoken at which address of Twilio. */
const addresses: Array<{ url: RegExp, protocol: Protocol }> = [
  { url: /^voice-js\.[\w-]+\.twilio\.com\/signal$/, protocol: voice },
  { url: /^[\w-]+\.vss\.twilio\.com\/signaling$/, protocol: video },
  { url: /^tsock\.[\w-]+\.twilio\.com\/v3\/wsconnect$/, protocol: twilsock }
]

export type FakeTwilio = Awaited<ReturnType<typeof startTwilio>>

/**
 * Starts a Twilio that takes the tokens of one account, on a free port of this machine, with TLS and a certificate that nobody
 * trusts. A browser comes here by `--host-resolver-rules` and `--ignore-certificate-errors`, so that the SDKs run as they are.
 */
export async function startTwilio (account: Account) {
  const tokens: SeenToken[] = []
  const connections = new Set<Connection>()
  const ends = new WeakMap<Connection, TokenEnd>()
  const news = new EventEmitter<{ token: [] }>().setMaxListeners(0)

  const pem = selfSigned('*.twilio.com')
  const server = createServer({ key: pem, cert: pem }, (_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true })

  server.on('upgrade', (request, socket, head) => {
    const url = `${request.headers.host}${request.url}`
    const protocol = addresses.find((address) => address.url.test(url))?.protocol
    if (protocol === undefined) return socket.destroy()
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const end = new TokenEnd()
      protocol(webSocket, {
        judge (product, frame, token) {
          const verdict = verify(token, product, account)
          tokens.push({ product, frame, token, verdict })
          if (verdict.accepted) end.set(verdict.ttl)
          news.emit('token')
          return verdict
        },
        enter (entering) {
          const connection = { ...entering, drop: () => webSocket.terminate() }
          connections.add(connection)
          ends.set(connection, end)
          webSocket.on('close', () => connections.delete(connection))
        }
      })
    })
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const hangUp = () => { for (const client of sockets.clients) client.terminate() }

  return {
    port: (server.address() as AddressInfo).port, // never a pipe's name, as it listens on a port
    /** Every token that any SDK showed, in order. */
    tokens,
    /** The last SDK of this product that is in. */
    connection (product: Product): Connection {
      const found = [...connections].findLast((connection) => connection.product === product)
      if (found === undefined) throw new Error(`no ${product} SDK is in`)
      return found
    },
    /** Waits for a token that fits, also among those already seen; the index is that in `tokens`. */
    async seen (fits: (token: SeenToken, index: number) => boolean): Promise<SeenToken> {
      for (;;) {
        const found = tokens.find(fits)
        if (found !== undefined) return found
        await once(news, 'token')
      }
    },
    /** Looks at the clock, and does what Twilio does by itself at such a time: signs of life, warnings, and ends. */
    async look () {
      await Promise.all([...connections].map(async (connection) => {
        ends.get(connection)?.look(connection)
        await connection.beat?.()
      }))
    },
    /** Cuts every socket without a word. */
    hangUp,
    async close () {
      hangUp()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}
