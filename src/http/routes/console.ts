import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { brotliDecompress, gzip } from 'node:zlib'
import type { FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { rememberSuccess } from '../../lib/remember-success.js'
import { problem } from '../../problems.js'
import { accepts } from '../accept-encoding.js'

const pBrotliDecompress = promisify(brotliDecompress)
const pGzip = promisify(gzip)

const none = ["'none'"]
const own = ["'self'"]

/**
 * The pages may only run files of this broker and send requests to it. They cannot be framed, and their forms cannot be submitted
 * elsewhere.
 */
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

/** Not set by helmet. */
const permissions = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8'
}

/** Files whose name does not change with their content. */
const changing = new Set(['.html', '.txt'].map(ending => types[ending]))

/** Bytes of a response that are written in one piece. */
const PIECE = 16 * 1024

interface Page {
  type: string
  content: Buffer
  /** By content coding, the smallest first. */
  compressed: Map<string, Buffer>
}

export interface ConsoleOptions {
  /** Whether the console is enabled. */
  console: boolean
}

/**
 * Serves the console and the reference: static files, the same for everybody. Their data comes from the API, once the user has signed in.
 */
export async function consoleRoutes (scope: FastifyInstance, { console }: ConsoleOptions): Promise<void> {
  if (!console) return
  const { default: helmet } = await import('@fastify/helmet')
  await scope.register(helmet, helmetOptions)
  // Read on the first request: most processes never need them in memory.
  const pages = rememberSuccess(readPages)

  async function send (name: string, request: FastifyRequest, reply: FastifyReply): Promise<Readable> {
    const page = (await pages()).get(name)
    if (page === undefined) throw problem('not-found')
    reply.header('Permissions-Policy', permissions).type(page.type).header('Vary', 'Origin, Accept-Encoding')
    // The names of all others contain a hash of their content.
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

/** Writes in pieces: TLS encrypts everything it gets, and keeps it in memory until the client reads it. */
function * piecesOf (content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE)
}

/** The folder that the build writes the pages to. */
const folder = new URL('../../../console/', import.meta.url)

/** The build writes each file in its smallest form alone, which keeps the package small. */
async function readPages (): Promise<Map<string, Page>> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.br')).map(name => name.slice(0, -'.br'.length))
  return new Map(await Promise.all(names.map(async (name): Promise<[string, Page]> => {
    const br = await readFile(new URL(`${name}.br`, folder))
    const content = await pBrotliDecompress(br)
    return [name, { type: types[extname(name)]!, content, compressed: new Map([['br', br], ['gzip', await pGzip(content)]]) }]
  })))
}
