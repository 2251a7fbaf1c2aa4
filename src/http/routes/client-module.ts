import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { rememberSuccess } from '../../lib/remember-success.js'
import { version } from '../../lib/version.js'
import { accepts } from '../accept-encoding.js'

interface ClientModule {
  etag: string
  /** By content coding, the smallest first; `identity` is the uncompressed file. */
  content: ReadonlyMap<string, Buffer>
}

const HOUR = 'public, max-age=3600'
const FOR_GOOD = 'public, max-age=31536000, immutable'

/**
 * Serves the client for pages that load it by a script element: `/client.js`; the same file as `/client-<version>.js`, whose content never
 * changes, so that browsers may cache it for good; and the modules that only some pages need. They contain no data of this broker, so pages
 * of every origin may read them.
 */
export function clientModuleRoutes (scope: FastifyInstance): void {
  const moduleOf = (file: string) => rememberSuccess(() => readModule(file))
  const serve = (module: () => Promise<ClientModule>, cacheControl: string) => async (request: FastifyRequest, reply: FastifyReply) => {
    const { etag, content } = await module()
    // `*` instead of the origin: an answer that names one origin could not be cached for others.
    reply.removeHeader('Access-Control-Expose-Headers').headers({
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'Cache-Control': cacheControl,
      ETag: etag,
      Vary: 'Accept-Encoding'
    })
    if (isCached(request, etag)) return reply.code(304).send()
    const encoding = [...content.keys()].find(encoding => accepts(request, encoding)) ?? 'identity'
    if (encoding !== 'identity') reply.header('Content-Encoding', encoding)
    return reply.type('text/javascript; charset=utf-8').send(content.get(encoding))
  }
  const client = moduleOf('index.js')
  scope.get('/client.js', { exposeHeadRoute: true }, serve(client, HOUR))
  scope.get(`/client-${version()}.js`, { exposeHeadRoute: true }, serve(client, FOR_GOOD))
  for (const file of ['tab.js', 'video.js']) scope.get(`/client/${file}`, { exposeHeadRoute: true }, serve(moduleOf(file), HOUR))
}

/** Compares weakly (RFC 9110 §13.1.2): a proxy that compressed the answer, and so made the tag weak, still gets its 304. */
function isCached ({ headers: { 'if-none-match': known = '' } }: FastifyRequest, etag: string): boolean {
  return known.split(',').some(tag => ['*', etag].includes(tag.trim()) || `W/${tag.trim()}` === etag)
}

async function readModule (file: string): Promise<ClientModule> {
  const content = await readFile(new URL(`../../../client/${file}`, import.meta.url))
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(content), promisify(gzip)(content)])
  // Weak, because one tag stands for all content codings.
  const etag = `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
  return { etag, content: new Map([['br', br], ['gzip', zipped], ['identity', content]]) }
}
