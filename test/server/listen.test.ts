import { Server } from 'node:net'
import t from 'tap'
import { listen } from '../../src/server/listen.js'

/** A server that the system does not let listen. */
class DeniedServer extends Server {
  override listen (): this {
    setImmediate(() => this.emit('error', Object.assign(new Error('listen EACCES'), { code: 'EACCES' })))
    return this
  }
}

t.test('a port that the system denies: the message says that it is privileged only where it is', async t => {
  await t.rejects(listen(new DeniedServer(), '127.0.0.1', 443), {
    name: 'StartError',
    mistakes: ['PORT may not be used by this user: 443 is below 1024. Choose one above 1023 by PORT or --port']
  })
  await t.rejects(listen(new DeniedServer(), '127.0.0.1', 5050), {
    name: 'StartError',
    mistakes: ['PORT may not be used by this user: the system reserves 5050 or denies it to this program. Choose another one by PORT or --port']
  })
})
