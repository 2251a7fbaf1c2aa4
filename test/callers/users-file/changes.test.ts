import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { login } from '../../helpers/login.js'
import { settle } from '../../helpers/settle.js'
import { until } from '../../helpers/until.js'
import { both, label, letsIn, open, susan } from '../../helpers/users-file.js'

t.test('S143: every way of changing the file is seen, and others keep their login', async t => {
  const lucas = `lucas:${susan}\n`
  const ways: Array<{ name: string, path: string, change: (dir: string) => void }> = [
    { name: 'rewritten in place', path: label, change: dir => writeFileSync(join(dir, label), lucas + both) },
    { name: 'appended to', path: label, change: dir => writeFileSync(join(dir, label), lucas, { flag: 'a' }) },
    {
      name: 'renamed over',
      path: label,
      change: dir => {
        writeFileSync(join(dir, 'new'), lucas + both, { mode: 0o600 })
        renameSync(join(dir, 'new'), join(dir, label))
      }
    },
    {
      name: 'deleted and made anew',
      path: label,
      change: dir => {
        rmSync(join(dir, label))
        writeFileSync(join(dir, label), lucas + both, { mode: 0o600 })
      }
    },
    { name: 'written behind a link', path: 'link', change: dir => writeFileSync(join(dir, label), lucas + both) },
    {
      name: 'swapped behind a link',
      path: 'link',
      change: dir => {
        writeFileSync(join(dir, 'other'), lucas + both, { mode: 0o600 })
        symlinkSync('other', join(dir, 'next'))
        renameSync(join(dir, 'next'), join(dir, 'link'))
      }
    },
    {
      name: 'made CR LF, with a byte order mark',
      path: label,
      change: dir => writeFileSync(join(dir, label), '\ufeff' + (lucas + both).replaceAll('\n', '\r\n'))
    }
  ]
  for (const { name, path, change } of ways) {
    await t.test(name, async t => {
      const { dir, store, reloads } = await open(t, both, path)
      const caller = await store.verify('juan', 'battery staple', login())
      change(dir)
      await until(() => store.size === 3)
      t.ok(caller && store.isCurrent(caller))
      t.has(reloads.at(-1), { ok: true, callers: 3, mistakes: { length: 0 }, message: 'users file reloaded: users.htpasswd' })
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
  const faults: Array<{ name: string, message: RegExp, change: (path: string) => void }> = [
    {
      name: 'half written',
      message: /^users file rejected, the previous callers stay: users.htpasswd:2 this is not a complete argon2id hash/,
      change: path => writeFileSync(path, both.slice(0, -20))
    },
    { name: 'empty', message: /users.htpasswd has no users/, change: path => truncateSync(path, 0) },
    { name: 'deleted', message: /users.htpasswd is missing/, change: path => rmSync(path) },
    {
      name: 'a duplicate',
      message: /users.htpasswd:3 the same name as in line 1/,
      change: path => writeFileSync(path, `${both}SUSAN:${susan}\n`)
    },
    {
      name: 'a weak hash',
      message: /users.htpasswd:3 crypt \(DES\) is not accepted/,
      change: path => writeFileSync(path, `${both}lucas:6qdlYGFdyh6k6\n`)
    },
    { name: 'not UTF-8', message: /users.htpasswd:1 this line is not UTF-8/, change: path => writeFileSync(path, Buffer.from([0xff])) },
    {
      name: 'unreadable',
      message: /users.htpasswd cannot be read \(ELOOP\)/,
      change: path => {
        rmSync(path)
        symlinkSync(label, path)
      }
    },
    {
      name: 'a folder',
      message: /users.htpasswd is not a file/,
      change: path => {
        rmSync(path)
        mkdirSync(path)
      }
    },
    { name: 'writable for everyone', message: /everyone may write users.htpasswd/, change: path => chmodSync(path, 0o666) }
  ]
  for (const { name, message, change } of faults) {
    await t.test(name, async t => {
      const { store, path, reloads } = await open(t, both)
      const caller = await store.verify('susan', 'correct horse', login())
      change(path)
      await until(() => reloads.length > 0)
      t.match(reloads, [{ ok: false, message, mistakes: [{ subject: 'users.htpasswd' }], warnings: { length: 0 }, callers: 2 }])
      t.ok(caller && store.isCurrent(caller))
      t.equal(await letsIn(store, 'juan', 'battery staple'), true)

      rmSync(path, { recursive: true, force: true })
      writeFileSync(`${path}.new`, `susan:${susan}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      await until(() => store.size === 1)
      t.equal(reloads.filter(reload => message.test(reload.message)).length, 1)
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
