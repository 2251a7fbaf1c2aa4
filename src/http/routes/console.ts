import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../../problems.js'
import { accepts } from '../accept-encoding.js'

const pGunzip = promisify(gunzip)

const none = ["'none'"]
const own = ["'self'"]

/** What the pages may do: run what this broker serves, ask it, and nothing else. Nobody may frame them, or have their forms sent anywhere. */
const helmetOptions: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: none,
      scriptSrc: own,
      styleSrc: own,
      imgSrc: own,
      connectSrc: own,
      baseUri: none,
      formAction: none,
      frameAncestors: none,
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: none
    }
  },
  xFrameOptions: { action: 'deny' },
  // Whether all of a host is TLS, its subdomains too, is for its operator to say.
  strictTransportSecurity: false
}

/** Helmet leaves it to us. */
const permissions = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8'
}

/** What is always found under the same name, whatever is in it. */
const changing = new Set(['.html', '.txt'].map(ending => types[ending]))

/** Bytes of a response that are handed over at once. */
const PIECE = 16 * 1024

interface Page {
  type: string
  content: Buffer
  /** By content coding, the smallest first. */
  compressed: Map<string, Buffer>
}

export interface ConsoleOptions {
  /** Whether there is a console. */
  console: boolean
}

/** The console and the reference: files, the same for everybody. What they show comes from the API, once their user has signed in. */
export async function consoleRoutes (scope: FastifyInstance, { console }: ConsoleOptions): Promise<void> {
  if (!console) return
  const { default: helmet } = await import('@fastify/helmet')
  await scope.register(helmet, helmetOptions)
  let pages: Promise<Map<string, Page>> | undefined

  async function send (name: string, request: FastifyRequest, reply: FastifyReply): Promise<Readable> {
    // Read when somebody comes for them: most processes never have to hold them.
    pages ??= readPages()
    const page = (await pages).get(name)
    if (page === undefined) throw problem('not-found')
    reply.header('Permissions-Policy', permissions).type(page.type).header('Vary', 'Origin, Accept-Encoding')
    // The others' names hold a hash of what is in them.
    if (!changing.has(page.type)) reply.header('Cache-Control', 'public, max-age=31536000, immutable')
    const encoding = [...page.compressed.keys()].find(encoding => accepts(request, encoding))
    if (encoding !== undefined) reply.header('Content-Encoding', encoding)
    const content = encoding === undefined ? page.content : page.compressed.get(encoding)!
    reply.header('Content-Length', content.length)
    return Readable.from(piecesOf(content))
  }

  const options = { exposeHeadRoute: true }
  for (const path of ['/', '/docs']) scope.get(path, options, (request, reply) => send('index.html', request, reply))
  scope.get<{ Params: { file: string } }>('/console/:file', options, (request, reply) => send(request.params.file, request, reply))
}

/** TLS encrypts everything that it is given, and holds it until the client reads. */
function * piecesOf (content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE)
}

/** Where the build puts the pages. */
const folder = new URL('../../../console/', import.meta.url)

/** The build writes each file in two compressed forms alone. */
async function readPages (): Promise<Map<string, Page>> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.gz')).map(name => name.slice(0, -'.gz'.length))
  return new Map(await Promise.all(names.map(async (name): Promise<[string, Page]> => {
    const [br, gzip] = await Promise.all(['br', 'gz'].map(ending => readFile(new URL(`${name}.${ending}`, folder))))
    return [name, { type: types[extname(name)]!, content: await pGunzip(gzip!), compressed: new Map([['br', br!], ['gzip', gzip!]]) }]
  })))
}
