import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { login } from '../../helpers/login.js'
import { settle } from '../../helpers/settle.js'
import { until } from '../../helpers/until.js'
import { both, label, letsIn, open, susan } from '../../helpers/users-file.js'

t.test('S143: every way of changing the file is seen, and others keep their login', async t => {
  const lucas = `lucas:${susan}\n`
  const ways: Array<[way: string, name: string, change: (dir: string) => void]> = [
    ['rewritten in place', label, dir => writeFileSync(join(dir, label), lucas + both)],
    ['appended to', label, dir => writeFileSync(join(dir, label), lucas, { flag: 'a' })],
    ['renamed over', label, dir => {
      writeFileSync(join(dir, 'new'), lucas + both, { mode: 0o600 })
      renameSync(join(dir, 'new'), join(dir, label))
    }],
    ['deleted and made anew', label, dir => {
      rmSync(join(dir, label))
      writeFileSync(join(dir, label), lucas + both, { mode: 0o600 })
    }],
    ['written behind a link', 'link', dir => writeFileSync(join(dir, label), lucas + both)],
    ['swapped behind a link', 'link', dir => {
      writeFileSync(join(dir, 'other'), lucas + both, { mode: 0o600 })
      symlinkSync('other', join(dir, 'next'))
      renameSync(join(dir, 'next'), join(dir, 'link'))
    }],
    ['made CR LF, with a byte order mark', label, dir => writeFileSync(join(dir, label), '\ufeff' + (lucas + both).replaceAll('\n', '\r\n'))]
  ]
  for (const [way, name, change] of ways) {
    await t.test(way, async t => {
      const { dir, store, reloads } = await open(t, both, name)
      const caller = await store.verify('juan', 'battery staple', login())
      change(dir)
      await until(() => store.size === 3)
      t.ok(caller && store.isCurrent(caller))
      t.match(reloads.at(-1), { ok: true, callers: 3, mistakes: [], message: 'users file reloaded: users.htpasswd' })
      t.equal(await letsIn(store, 'lucas', 'correct horse'), true)
    })
  }
})

t.test('renames are seen every time', async t => {
  const { dir, store } = await open(t, both)
  for (let round = 1; round <= 20; round++) {
    writeFileSync(join(dir, 'new'), both + `user${round}:${susan}\n`, { mode: 0o600 })
    renameSync(join(dir, 'new'), join(dir, label))
    await until(() => letsIn(store, `user${round}`, 'correct horse'))
  }
})

t.test('S142: a file at fault changes nothing and is reported once; the next good one is taken', async t => {
  const faults: Array<[fault: string, says: RegExp, change: (path: string) => void]> = [
    ['half written', /^users file rejected, the previous callers stay: users.htpasswd:2 this is not a complete argon2id hash/, path => writeFileSync(path, both.slice(0, -20))],
    ['empty', /users.htpasswd has no users/, path => truncateSync(path, 0)],
    ['deleted', /users.htpasswd is missing/, path => rmSync(path)],
    ['a duplicate', /users.htpasswd:3 the same name as in line 1/, path => writeFileSync(path, `${both}SUSAN:${susan}\n`)],
    ['a weak hash', /users.htpasswd:3 crypt \(DES\) is not accepted/, path => writeFileSync(path, `${both}lucas:6qdlYGFdyh6k6\n`)],
    ['not UTF-8', /users.htpasswd:1 this line is not UTF-8/, path => writeFileSync(path, Buffer.from([0xff]))],
    ['unreadable', /users.htpasswd cannot be read \(ELOOP\)/, path => {
      rmSync(path)
      symlinkSync(label, path)
    }],
    ['a folder', /users.htpasswd is not a file/, path => {
      rmSync(path)
      mkdirSync(path)
    }],
    ['writable for everyone', /everyone may write users.htpasswd/, path => chmodSync(path, 0o666)]
  ]
  for (const [fault, says, change] of faults) {
    await t.test(fault, async t => {
      const { store, path, reloads } = await open(t, both)
      const caller = await store.verify('susan', 'correct horse', login())
      change(path)
      await until(() => reloads.length > 0)
      t.match(reloads, [{ ok: false, message: says, mistakes: [{ subject: 'users.htpasswd' }], warnings: [], callers: 2 }])
      t.ok(caller && store.isCurrent(caller))
      t.equal(await letsIn(store, 'juan', 'battery staple'), true)

      rmSync(path, { recursive: true, force: true })
      writeFileSync(`${path}.new`, `susan:${susan}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      await until(() => store.size === 1)
      t.equal(reloads.filter(({ message }) => says.test(message)).length, 1)
      t.ok(caller && store.isCurrent(caller))
    })
  }
})

t.test('O17: a file that is still being written is not taken before it rests', async t => {
  const { store, path, reloads } = await open(t, both)
  let lines = 0
  writeFileSync(path, '')
  await t.test('while another one is taken time and again', async t => {
    const other = await open(t, both)
    for (const users of [`susan:${susan}\n`, both, `susan:${susan}\n`, both]) {
      writeFileSync(other.path, users)
      while (other.store.size !== users.match(/:/g)?.length) {
        writeFileSync(path, `user${lines++}:${susan}\n`, { flag: 'a' })
        await settle()
      }
    }
    t.strictSame(reloads, [])
  })
  await until(() => store.size === lines)
  t.match(reloads.map(({ ok, callers }) => [ok, callers]), [[true, lines]])
})

t.test('a reload that fails does not end the watch', async t => {
  const { dir, store, reloads } = await open(t, both)
  const add = (name: string) => writeFileSync(join(dir, label), `${name}:${susan}\n`, { flag: 'a' })
  let failures = 0
  reloads.push = () => { throw new Error(`failure ${++failures}`) }
  add('lucas')
  await until(() => failures === 1)
  await t.rejects(store.reload(), { message: 'failure 2' })
  add('mia')
  await until(() => store.size === 4)
})
