import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { startDeadline } from '../../src/lib/deadline.js'
import { settle } from '../helpers/settle.js'
import { until } from '../helpers/until.js'

t.test('what has arrived while this process stood still is in time', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[peer]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(client, 'connect')])
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  const events: string[] = []
  const end = startDeadline(10, () => events.push('late'))
  client.once('data', () => {
    events.push('data')
    end()
  })
  peer.write('x')
  // Now both are due: the timer and the byte.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  await until(() => events.length > 0)
  await settle()
  t.strictSame(events, ['data'])
})

t.test('what does not come is late, once, and nothing is late that has ended', async t => {
  let late = 0
  startDeadline(5, () => late++)
  const end = startDeadline(5, () => t.fail('late'))
  end()
  await until(() => late === 1)
  await settle()
  t.equal(late, 1)
})
