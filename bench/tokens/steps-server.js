// A broker of a build with 16 clients in its own process: `node steps-server.js DIST FOLDER AUDIT_LOG`. For each number that its parent sends, it
// answers the CPU time, in microseconds, that one of so many tokens took.
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { allOn } from './folder.js'
import { secrets } from './servers.js'

const CLIENTS = 16
const [dist, cwd, audit] = process.argv.slice(2)
// Where it was before the sources had folders.
const file = ['src/server/start.js', 'src/server.js'].map(path => join(dist, path)).find(path => existsSync(path))
const { start } = await import(pathToFileURL(file).href)
const { url } = await start({ env: { ...secrets, ...allOn, PORT: '0', AUDIT_LOG: audit, LOG_LEVEL: process.env.LOG_LEVEL ?? 'info' }, cwd, stdout: process.stdout, log: { write () {} } })
const { hostname, port } = new URL(url)

const body = '{"room":"My Room"}'
const request = `POST /token/video HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nAuthorization: Basic ${btoa('susan:secret123')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

process.on('message', async tokens => {
  // New connections for each turn, as the broker ends those that idle for long.
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => new Promise((resolve, reject) => {
    const socket = connect(port, hostname, () => resolve(socket)).setNoDelay().on('error', reject)
  })))
  const before = process.cpuUsage()
  let left = tokens
  await Promise.all(sockets.map(socket => new Promise((resolve, reject) => {
    const send = () => {
      if (left === 0) return resolve()
      left--
      socket.write(request)
    }
    socket.on('data', bytes => {
      if (/^HTTP\/1\.1 (?!200)/.test(bytes.toString('latin1', 0, 12))) reject(new Error(String(bytes)))
      // An answer is one object, and ends with its brace.
      if (bytes.at(-1) === 0x7d) send()
    }).on('close', () => reject(new Error('the broker closed a connection')))
    send()
  })))
  const { user, system } = process.cpuUsage(before)
  for (const socket of sockets) socket.removeAllListeners('close').destroy()
  process.send((user + system) / tokens)
})
process.send('ready')
