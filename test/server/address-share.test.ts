import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { AddressShare } from '../../src/server/address-share.js'
import { complete, startBroker, susan, type Broker } from '../helpers/broker.js'
import { ask } from '../helpers/http.js'
import { until } from '../helpers/until.js'

/** Sockets that send nothing, of one address of 127.0.0.0/8. */
async function silent (t: Test, url: string, from: string, count: number) {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: count }, () => connect({ port: Number(port), host: hostname, localAddress: from }).on('error', () => {}).resume())
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  await Promise.all(sockets.map(socket => socket.connecting && once(socket, 'connect')))
  return { sockets, open: () => sockets.filter(socket => !socket.closed).length }
}

t.test('S110: one address holds a tenth of the sockets, unless it is a proxy\'s', async t => {
  const { PORT, AUDIT_LOG, RATE_LIMIT_MAX, CALLER_LIMIT_MAX, ...account } = complete
  const env = (settings: Record<string, string>) => Object.entries({ ...account, ...settings }).map(([name, value]) => `${name}=${value}\n`).join('')
  const unset = Object.fromEntries(Object.keys(account).map(name => [name, '']))
  const broker: Broker = await startBroker({ settings: unset, files: { '.env': env({}) } })
  t.teardown(broker.close)
  const first = await silent(t, broker.url, '127.0.0.2', 1000)
  const more = await silent(t, broker.url, '127.0.0.2', 5)
  await until(() => more.open() === 0)
  t.equal(first.open(), 1000)
  t.equal((await ask(broker.url, { as: susan, from: '127.0.0.3' })).status, 200, 'another address gets in')

  first.sockets[0]!.destroy()
  await until(async () => (await ask(broker.url, { as: susan, from: '127.0.0.2' }).catch(() => ({ status: 0 }))).status === 200)

  await broker.write('.env', env({ TRUST_PROXY: '127.0.0.2' }))
  await broker.reload()
  const proxied = await silent(t, broker.url, '127.0.0.2', 20)
  t.equal((await ask(broker.url, { as: susan, from: '127.0.0.2' })).status, 200)
  t.equal(proxied.open(), 20)
})

t.test('a share is one of a /64, and eight of a /48; a proxy is known in every spelling', t => {
  const socket = (remoteAddress: string | undefined) => {
    const events = new EventEmitter()
    return Object.assign(events, { remoteAddress, destroyed: false, destroy () { this.destroyed = true } })
  }
  const share = new AddressShare(2)
  const admit = (address: string | undefined) => {
    const admitted = socket(address)
    share.admit(admitted as unknown as Socket)
    return admitted
  }
  const isIn = (address: string | undefined) => !admit(address).destroyed
  share.exempt(['10.0.0.0/8', '192.0.2.1', '2001:db8:1::/48', '2001:db8:2::1'])

  const [one] = [admit('198.51.100.1')]
  t.ok(isIn('198.51.100.1'))
  t.notOk(isIn('198.51.100.1'))
  t.notOk(isIn('::ffff:198.51.100.1'), 'written as IPv6 it is the same')
  t.ok(isIn('198.51.100.2'))
  one!.emit('close')
  t.ok(isIn('198.51.100.1'), 'a socket that has ended counts no more')

  t.ok(isIn('2001:db8:5:1::1'))
  t.ok(isIn('2001:db8:5:1::2'))
  t.notOk(isIn('2001:db8:5:1::3'), 'a /64 is one')
  for (let i = 2; i < 9; i++) for (const host of [1, 2]) t.ok(isIn(`2001:db8:5:${i}::${host}`))
  t.notOk(isIn('2001:db8:5:9::1'), 'a /48 has eight shares')
  t.ok(isIn('2001:db8:6:9::1'))

  for (const proxy of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8:1:2::3', '2001:db8:2::1']) {
    for (let i = 0; i < 5; i++) t.ok(isIn(proxy), proxy)
  }
  share.exempt([])
  for (let i = 0; i < 2; i++) t.ok(isIn('10.1.2.3'), 'those it held as a proxy do not count')
  t.notOk(isIn('10.1.2.3'))
  for (let i = 0; i < 5; i++) t.ok(isIn(undefined), 'whose client has left by now')
  t.end()
})
