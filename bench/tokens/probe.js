// Another client beside the herd, in a process of its own: what it waits is the broker's time, not that of the herd's own event loop.
// `node probe.js PORT PASSWORD`; its parent sends { health, names } and then 'stop', and gets { health, login }, milliseconds of each answer.
import { basic, Connection, requestOf } from './connection.js'

const [port, password] = process.argv.slice(2)
/** One login so often, so that their hashes do not take a core of their own. */
const HEALTH_A_LOGIN = 9
const state = { stopped: false }

const connection = new Connection(Number(port))
async function timed (request) {
  const began = performance.now()
  await connection.ask(request)
  return performance.now() - began
}

process.on('message', async message => {
  if (message === 'stop') {
    state.stopped = true
    return
  }
  state.stopped = false
  const waited = { health: [], login: [] }
  for (const name of message.names) {
    waited.login.push(await timed(basic(name, password)))
    for (let i = 0; i < HEALTH_A_LOGIN; i++) waited.health.push(await timed(requestOf('GET', '/healthz')))
    if (state.stopped) break
  }
  process.send(waited)
})
process.send('ready')
