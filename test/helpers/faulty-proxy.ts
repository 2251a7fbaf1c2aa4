import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as send, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { freePort } from './free-port.js'
import { listens } from './listens.js'
import { until } from './until.js'

export interface Passing {
  method: string
  path: string
  headers: IncomingHttpHeaders
}

export interface Fault {
  /** Changes a request before it goes on. @returns an answer of the proxy's own, where it gives one */
  request?: (passing: Passing) => { status: number, headers?: OutgoingHttpHeaders, body?: string } | void
  /** Changes an answer's headers. */
  response?: (headers: IncomingHttpHeaders) => void
}

/** A proxy in front of a broker that does one thing wrong. */
export async function faultyProxy (target: string, { request: change, response: alter }: Fault) {
  const { hostname, port } = new URL(target)
  const server = createServer(async (request, response) => {
    const passing = { method: request.method!, path: request.url!, headers: { ...request.headers } }
    const body = await buffer(request).catch(() => undefined)
    // The client has hung up.
    if (body === undefined) return
    const own = change?.(passing)
    if (own) return response.writeHead(own.status, own.headers).end(own.body)
    send({ hostname, port, agent: false, ...passing }, answer => {
      const headers = { ...answer.headers }
      alter?.(headers)
      response.writeHead(answer.statusCode!, headers)
      answer.pipe(response)
    }).on('error', () => response.destroy()).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => { await once(server.close(), 'close') }
  }
}

/** One port that hands TLS to one server and plain HTTP to another. */
export async function bothProtocols (secure: string, plain: string) {
  const server = createTcpServer(socket => {
    socket.once('data', first => {
      const { hostname, port } = new URL(first[0] === 0x16 ? secure : plain)
      const onward = connect(Number(port), hostname)
      onward.write(first)
      socket.pipe(onward).pipe(socket)
      for (const end of [socket, onward]) end.on('error', () => { socket.destroy(); onward.destroy() })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `https://localhost:${port}`, close: () => { server.close() } }
}

/** nginx in front of a broker, with one location for each set of directives: what it serves below `/0`, `/1` …, a port each. */
export async function nginxWith (target: string, locations: string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'broker-nginx-'))
  const ports = await Promise.all(locations.map(() => freePort()))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory};`).join(' ')
  const servers = locations.map((directives, i) => `server { listen 127.0.0.1:${ports[i]}; location / { proxy_pass ${target}; ${directives} } }`)
  writeFileSync(join(directory, 'nginx.conf'), `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr;
events { worker_connections 64; }
http { access_log off; ${temporary} proxy_cache_path ${directory}/cache keys_zone=one:1m; ${servers.join('\n')} }`)
  const child = spawn('/usr/sbin/nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], { stdio: 'ignore' })
  for (const port of ports) await until(() => listens(port))
  return {
    urls: ports.map(port => `http://127.0.0.1:${port}`),
    async close () {
      const closed = once(child, 'exit')
      child.kill('SIGTERM')
      await closed
      rmSync(directory, { recursive: true, force: true })
    }
  }
}
