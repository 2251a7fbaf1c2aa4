import { connect } from 'node:net'

/** @returns a request as it goes over the wire */
export const requestOf = (method, path, headers = '') => `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`

/** @returns a request for a token, with a name and a password */
export const basic = (name, password) => requestOf('POST', '/token/video', `Authorization: Basic ${btoa(`${name}:${password}`)}\r\n`)

/** A bare socket, one request at a time: an HTTP client of Node's would take more CPU than the broker. */
export class Connection {
  #port
  #socket
  #left = 0
  #text = ''
  #usedAt = 0
  #answered

  constructor (port) {
    this.#port = port
  }

  /** @returns the answer's head, once it is there */
  ask (request) {
    // The broker closes a connection after 1000 requests, and one that is idle for 10 s.
    if (this.#left === 0 || performance.now() - this.#usedAt > 5000) this.#open()
    this.#left--
    this.#usedAt = performance.now()
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject }
      this.#socket.write(request)
    })
  }

  #open () {
    this.#socket?.destroy()
    const socket = connect({ host: '127.0.0.1', port: this.#port }).setNoDelay()
    this.#socket = socket
    this.#left = 900
    this.#text = ''
    socket.on('data', bytes => {
      this.#text += bytes.latin1Slice()
      const end = this.#text.indexOf('\r\n\r\n')
      if (end < 0 || this.#text.length < end + 4 + Number(/^content-length: (\d+)/im.exec(this.#text)[1])) return
      const head = this.#text.slice(0, end)
      this.#text = ''
      this.#answered.resolve(head)
    })
    socket.on('error', error => this.#answered.reject(error))
    socket.on('close', () => { if (socket === this.#socket) this.#answered?.reject(new Error('the broker closed a connection')) })
  }

  close () {
    this.#socket?.destroy()
  }
}
