import { connect } from 'node:net'
import { random } from './random.js'

/** Requests that are nearly right, each with a few bytes changed: the same for the same seed. */
export function fuzzed (seed: number, authorization: string) {
  const { pick, oneIn, list } = random(seed)
  const methods = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'TRACE', 'CONNECT', 'PATCH', 'get', '\0', 'M-SEARCH']
  const paths = ['/token', '/token/video', '/token/voice', '/token/nope', '/healthz', '/', '*', '//', '/token/%zz', '/token/video?x=1', '/token/%00', '/\ud800', 'http://x/token/video', '/token/../healthz', `/${'a/'.repeat(200)}`]
  const headers = [
    'Authorization: Basic !!!', 'Authorization: Basic', 'Authorization: Bearer x', 'Content-Type: application/json', 'Content-Type: application/json; charset=utf-16',
    'Content-Type: text/plain', 'Content-Encoding: gzip', 'Content-Length: 2', 'Content-Length: -1', 'Content-Length: 99999999999999999999', 'Transfer-Encoding: chunked', 'Transfer-Encoding: x',
    'Expect: 100-continue', 'Expect: x', 'Upgrade: websocket', 'Connection: upgrade', 'Connection: close', 'Origin: null', 'Origin: https://a.example', 'Sec-Fetch-Mode: navigate',
    'Access-Control-Request-Method: POST', 'X-Forwarded-For: 1.2.3.4', 'Host: y', `X-Long: ${'x'.repeat(17_000)}`, ' folded', 'no colon', 'X-\u00ff: \u00ff'
  ]
  const bodies = ['', '{}', '{', 'null', '[]', '{"ttl":1e400}', '{"room":"\\ud800"}', '{"__proto__":{}}', '{"identity":"x","ttl":300}', '{"products":{"video":{}}}', '{"products":{"__proto__":null}}', '{"username":"susan","password":"x"}', '2\r\n{}\r\n0\r\n\r\n', '\ufeff{}', '['.repeat(3000)]

  return function next (): Buffer {
    const sent = list(0, 3, () => pick(headers))
    const bytes = Buffer.from([`${pick(methods)} ${pick(paths)} HTTP/1.1`, ...(oneIn(20) ? [] : ['Host: x']), ...(oneIn(2) ? [`Authorization: ${authorization}`] : []), ...sent, '', pick(bodies)].join('\r\n'))
    if (oneIn(3)) for (let n = pick([1, 2, 8]); n > 0; n--) bytes[pick([...bytes.keys()])] = pick([...Array(256).keys()])
    return oneIn(20) ? bytes.subarray(0, pick([...bytes.keys()])) : bytes
  }
}

/** Sends them over a few sockets, several on one until the broker closes it, and reads no answer but to go on. */
export async function sendFuzzed (url: string, next: () => Buffer, count: number): Promise<void> {
  const { hostname, port } = new URL(url)
  let left = count
  const run = async () => {
    while (left > 0) {
      await new Promise<void>(resolve => {
        const socket = connect(Number(port), hostname)
        // What waits for more bytes would wait until the broker's patience ends.
        socket.setTimeout(20, () => socket.destroy())
        const send = () => left-- > 0 ? socket.write(next()) : socket.destroy()
        socket.on('connect', send).on('data', send).on('error', () => {}).on('close', () => resolve())
      })
    }
  }
  await Promise.all(Array.from({ length: 32 }, run))
}
