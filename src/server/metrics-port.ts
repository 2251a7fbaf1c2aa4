import type { IncomingMessage, ServerResponse } from 'node:http'
import { detach } from '../lib/detach.js'
import type { Metrics } from '../monitoring/metrics.js'
import { readinessAnswer, type Readiness } from '../monitoring/readiness.js'
import { addressOf, listen } from './listen.js'
import { createListener } from './listener.js'

export interface MetricsPortOptions {
  host: string
  /** 0: the system chooses one. */
  port: number
  metrics: Pick<Metrics, 'registry'>
  readiness: () => Readiness
}

export interface MetricsPort {
  url: string
  /** Takes no more connections; resolves when all have ended. */
  close (): Promise<void>
}

interface Page {
  status: number
  type: string
  body: string
}

const json = (status: number, body: object): Page => ({ status, type: 'application/json; charset=utf-8', body: JSON.stringify(body) })
const plain = (status: number, body: string): Page => ({ status, type: 'text/plain; charset=utf-8', body })

/**
 * Serves `/metrics`, `/healthz` and `/readyz` on a separate port, without a login and in plain HTTP: no passwords are sent, and the answers
 * contain no secrets. Its sockets have the same limits as those of the main port.
 * @throws StartError
 */
export async function openMetricsPort ({ host, port, metrics, readiness }: MetricsPortOptions): Promise<MetricsPort> {
  const pages = new Map<string, () => Page | Promise<Page>>([
    ['/metrics', async () => ({ status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() })],
    ['/healthz', () => json(200, { alive: true })],
    ['/readyz', () => {
      const { status, body } = readinessAnswer(readiness())
      return json(status, body)
    }]
  ])

  async function answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = pages.get(request.url!.split('?', 1)[0]!)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const { status, type, body } = page === undefined
      ? plain(404, 'There is /metrics, /healthz and /readyz here.\n')
      : isRead ? await page() : plain(405, 'Only GET and HEAD are answered here.\n')
    const length = Buffer.byteLength(body)
    response.writeHead(status, { ...(status === 405 && { Allow: 'GET, HEAD' }), 'Content-Type': type, 'Content-Length': length, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  const listener = createListener(() => (request, response) => detach(answer(request, response)))
  const bound = await listen(listener.server, host, port, { host: 'METRICS_HOST', port: 'METRICS_PORT', otherPort: 'METRICS_PORT' })
  return {
    url: `http://${addressOf(host, bound)}`,
    async close () {
      listener.announceClose()
      await listener.drain()
    }
  }
}
