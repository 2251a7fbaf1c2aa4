import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'

const here = (path: string) => new URL(path, import.meta.url)
const bundle = (path: string) => here(`../../node_modules/${path}`)

/** What is served. The SDKs are the bundles that their packages ship for browsers, whole and as they are. */
const files: Record<string, URL> = {
  '/': here('page/index.html'),
  '/application.js': here('page/application.js'),
  '/sdk/voice.js': bundle('@twilio/voice-sdk/dist/twilio.min.js'),
  '/sdk/video.js': bundle('twilio-video/dist/twilio-video.min.js'),
  '/sdk/sync.js': bundle('twilio-sync/builds/twilio-sync.min.js'),
  '/sdk/conversations.js': bundle('@twilio/conversations/builds/twilio-conversations.min.js'),
  '/sdk/chat.js': bundle('twilio-chat/builds/twilio-chat.min.js')
}

const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' }

/** The strictest policy under which the SDKs work: they need no inline script, no frame, and no server but Twilio's. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  'connect-src http://127.0.0.1:* https://*.twilio.com wss://*.twilio.com'
].join('; ')

/** Serves the application's page on an origin of its own. */
export async function servePages () {
  const server = createServer(async (request, response) => {
    const file = files[request.url ?? '']
    if (file === undefined) return response.writeHead(404).end()
    response.setHeader('Content-Type', types[extname(file.pathname)] ?? '')
    response.setHeader('Content-Security-Policy', contentSecurityPolicy)
    response.end(await readFile(file))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // never a pipe's name, as it listens on a port
  return {
    origin: `http://127.0.0.1:${port}`,
    /** The same page on an origin that no broker was told of. */
    strangeOrigin: `http://localhost:${port}`,
    async close () {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}
