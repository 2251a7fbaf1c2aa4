import t from 'tap'
import { basic, cheapHash, susan } from '../../helpers/broker.js'
import { ask } from '../../helpers/http.js'
import { Page, signedIn } from '../../helpers/page.js'
import { until } from '../../helpers/until.js'
import { ended, started, usersOf } from './nodes.js'

t.test('S50: a caller who is removed or gets another password is signed out within two seconds, others are not', async t => {
  const broker = await started(t, { users: { susan: 'secret123', bob: 'secret123', juan: 'secret123' } })
  const pages = await Promise.all(['susan', 'bob', 'juan'].map(name => signedIn(broker.url, { as: basic(name, 'secret123') })))
  const [susan, bob, juan] = pages as [Page, Page, Page]
  const lines = (await usersOf(broker)).split('\n')
  await broker.write('users.htpasswd', [`susan:${await cheapHash('another one')}`, ...lines.filter(line => line.startsWith('juan'))].join('\n'))
  await until(async () => (await susan.ask()).status === 401)
  for (const page of [susan, bob]) t.has(await page.ask(), { ...ended, headers: { 'www-authenticate': 'DPoP algs="ES256", error="invalid_token"' } })
  t.match(await juan.ask(), { status: 200 })
  await broker.write('users.htpasswd', lines.map(line => line.startsWith('juan') ? '' : line).join('\n'))
  await broker.reload()
  t.match(await susan.ask(), { status: 200 }, 'an old file brings its sessions back, as it does its passwords')
  t.has(await juan.ask(), ended)
  await broker.write('users.htpasswd', `susan:${await cheapHash('secret123')}\n`)
  await broker.reload()
  t.has(await susan.ask(), ended, 'a new hash of the same password counts as another password')
})

t.test('a users file that cannot be read signs nobody out', async t => {
  const broker = await started(t)
  const page = await signedIn(broker.url)
  await broker.write('users.htpasswd', 'half a li')
  await broker.reload()
  t.match(await page.ask(), { status: 200 })
})

t.test('S66: guesses that lock a name stop none of its open sessions', async t => {
  const { url } = await started(t, { settings: { LOGIN_FAILURES_MAX: '1' } })
  const page = await signedIn(url)
  t.equal((await ask(url, { as: basic('susan', 'wrong-one') })).status, 401)
  t.has(await ask(url, { as: susan }), { status: 429, body: { code: 'login-limited' } })
  t.match(await page.ask(), { status: 200 })
  t.match(await new Page(url).open(), { status: 429 })
  t.match(await page.end(), { status: 204 })
})

t.test('a thousand requests of twenty sessions at once get each its own caller\'s token', async t => {
  const users = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`caller${i}`, 'secret123']))
  const { url } = await started(t, { users })
  const pages = await Promise.all(Object.keys(users).map(async name => ({ name, page: await signedIn(url, { as: basic(name, 'secret123') }) })))
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => pages[i % 20]!.page.ask()))
    for (const [i, { body: { identity } }] of answers.entries()) if (identity !== pages[i % 20]!.name) t.fail(`${identity}`)
  }
})
