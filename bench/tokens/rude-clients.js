// Clients that no broker would choose: each goes on with its own habit until the time is over.
import { connect } from 'node:net'

/** Names their lines in the audit. */
export const rudeRoom = 'susan:rude'

const body = JSON.stringify({ room: rudeRoom })
const request = (line, headers, body = '') => [`${line} HTTP/1.1`, 'Host: x', `Authorization: Basic ${btoa('susan:secret123')}`, ...headers, '', body].join('\r\n')
const tokenRequest = request('POST /token/video', ['Content-Type: application/json', `Content-Length: ${body.length}`], body)
/** Has a longer response. */
const documentRequest = request('GET /openapi.json', [])

/** Whether by an error or not. */
const closed = socket => new Promise(resolve => socket.once('close', resolve))

/** What one connection of each does; it ends when the socket has closed. */
const habits = {
  /** Asks for more than both kernels hold, and reads nothing: the broker ends it. */
  async readsNothing (socket, stop) {
    socket.pause().write((tokenRequest + documentRequest).repeat(490))
    // Without reading, only writing shows that the other side has closed.
    const writing = setInterval(() => socket.write('\r\n'), 500)
    stop.addEventListener('abort', () => socket.destroy(), { once: true })
    await closed(socket)
    clearInterval(writing)
  },
  /** Sends a packet of requests and reads every response. */
  async pipelines (socket, _stop, onToken) {
    const requests = 100
    let text = ''
    let answered = 0
    socket.setEncoding('latin1').on('data', chunk => {
      text += chunk
      let end = 0
      for (const { 0: whole, 1: token, index } of text.matchAll(/"token":"([^"]+)"/g)) {
        onToken(token)
        answered++
        end = index + whole.length
      }
      text = text.slice(end)
      if (answered === requests) socket.destroy()
    })
    socket.write(tokenRequest.repeat(requests))
    await closed(socket)
  },
  /** Leaves as soon as the first response comes. */
  async hangsUp (socket) {
    socket.once('data', () => socket.resetAndDestroy())
    socket.write(tokenRequest.repeat(50))
    await closed(socket)
  }
}

/**
 * Runs one client of each habit.
 * @param onToken called with every token that one of them has read
 * @returns how many connections each habit had
 */
export async function beRude (port, until, onToken) {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), until - performance.now())
  const counts = await Promise.all(Object.entries(habits).map(async ([name, habit]) => {
    let connections = 0
    for (; performance.now() < until; connections++) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      await habit(socket, stop.signal, onToken)
    }
    return [name, connections]
  }))
  clearTimeout(timer)
  return Object.fromEntries(counts)
}
