import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as ask } from 'node:https'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { build } from 'esbuild'
import type { Product } from '../fakes/twilio/verify.js'
import { bundleClient } from './bundle.js'
import { adaptedExample, example, products, readmeExample, snippetExample } from './examples.js'
import { root } from '../helpers/root.js'
import { reactPage } from './react.js'
import { signInHtml, signInModule } from './sign-in.js'

const here = (path: string) => join(root, 'test/browser', path)
const bundle = (path: string) => join(root, 'node_modules', path)

/** What is served. The SDKs are the bundles that their packages ship for browsers, whole and as they are. */
const files: Record<string, string> = {
  '/': here('page/index.html'),
  '/application.js': here('page/application.js'),
  '/sdk/voice.js': bundle('@twilio/voice-sdk/dist/twilio.min.js'),
  '/sdk/video.js': bundle('twilio-video/dist/twilio-video.min.js'),
  '/sdk/sync.js': bundle('twilio-sync/builds/twilio-sync.min.js'),
  '/sdk/conversations.js': bundle('@twilio/conversations/builds/twilio-conversations.min.js'),
  '/sdk/chat.js': bundle('twilio-chat/builds/twilio-chat.min.js')
}

/** A page with an SDK by a script element, as its documentation says, and a module. */
const html = (product: Product, name: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${name}</title>
<body>
<script src="/sdk/${product}.js"></script>
<script type="module" src="/examples/${name}.js"></script>
</html>
`

interface Example {
  product: Product
  module: () => string | Promise<string>
}

const examples: Record<string, Example> = {
  ...Object.fromEntries(products.map((product) => [product, { product, module: () => example(product) }])),
  ...Object.fromEntries(products.map(product => [`snippet-${product}`, { product, module: () => snippetExample(product) }])),
  ...Object.fromEntries((['sync', 'video'] as const).map(product => [`snippet-several-${product}`, { product, module: () => snippetExample(product, { sync: {}, video: { room: 'My Room' } }) }])),
  adapted: { product: 'sync', module: adaptedExample },
  readme: { product: 'voice', module: readmeExample },
  react: { product: 'voice', module: () => reactPage('react') },
  'react-cases': { product: 'voice', module: () => reactPage('react-cases') }
}

/** What is made for the first request of a process. */
const made: Record<string, () => string | Promise<string>> = {
  '/client.js': () => bundleClient(),
  '/client-video.js': () => bundleClient('video'),
  '/client-tab.js': () => bundleClient('tab'),
  '/sign-in.html': () => signInHtml,
  '/sign-in.js': signInModule,
  '/empty.html': () => '<!doctype html><title>A page</title>',
  ...Object.fromEntries(Object.entries(examples).flatMap(([name, { product, module }]) => [
    [`/examples/${name}.html`, () => html(product, name)],
    [`/examples/${name}.js`, module]
  ]))
}

/** The pages of `examples/`, each under the name of its folder. */
const examplePages: Record<string, () => Promise<string>> = Object.fromEntries(Object.entries({ page: 'main.js', react: 'main.jsx' }).flatMap(([folder, main]) => [
  [`/example-${folder}.html`, async () => (await readFile(join(root, 'examples', folder, 'index.html'), 'utf8')).replace(`/${main}`, `/example-${folder}.js`)],
  [`/example-${folder}.js`, () => exampleModule(`examples/${folder}/${main}`)]
]))

async function exampleModule (path: string): Promise<string> {
  const { outputFiles: [file] } = await build({
    entryPoints: [path],
    alias: { 'twilio-token-broker-client/react': './src/client/react.ts', 'twilio-token-broker-client': './src/client/index.ts' },
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    bundle: true,
    format: 'esm',
    write: false
  })
  return file!.text.replace('http://127.0.0.1:3000', 'https://tokens.example.com')
}

const bodies = new Map<string, Promise<string | Buffer | undefined>>()

/** Kept: a test may open a hundred tabs, each of which asks for a bundle of the client. */
function bodyOf (path: string) {
  const [file, make] = [files[path], made[path] ?? examplePages[path]]
  const body = bodies.get(path) ?? Promise.resolve(file !== undefined ? readFile(file) : make?.())
  bodies.set(path, body)
  return body
}

const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' }

/** The strictest policy under which the SDKs work: they need no inline script, no frame, and no server but Twilio's and the broker. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  'connect-src http://127.0.0.1:* https://tokens.example.com https://*.twilio.com wss://*.twilio.com'
].join('; ')

/**
 * Serves the application's page on an origin of its own.
 * @param broker where a broker is; below `/token` it is on the same origin, as behind a reverse proxy
 */
export async function servePages (broker?: () => string) {
  const server = createServer(async (request, response) => {
    const { url = '' } = request
    if (broker !== undefined && url.startsWith('/token')) return forward(request, response, broker())
    const path = url.split('?', 1)[0]!
    const body = await bodyOf(path)
    if (body === undefined) return response.writeHead(404).end()
    response.setHeader('Content-Type', types[extname(path) || '.html'] ?? '')
    response.setHeader('Content-Security-Policy', contentSecurityPolicy)
    response.end(body)
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

function forward (request: IncomingMessage, response: ServerResponse, broker: string): void {
  const { url = '', method, headers } = request
  const onward = ask(broker + url, { method, headers, rejectUnauthorized: false }, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(response)
  })
  request.pipe(onward)
}
