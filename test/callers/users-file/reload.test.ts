import { writeFileSync } from 'node:fs'
import t from 'tap'
import { HashQueue } from '../../../src/callers/passwords/hash-queue.js'
import { usersFileStore, type ReloadResult } from '../../../src/callers/users-file/store.js'
import { decoyKey } from '../../helpers/decoy-key.js'
import { until } from '../../helpers/until.js'
import { both, label, open, strong, susan } from '../../helpers/users-file.js'

t.test('what was read once, for better or worse, is not read again before it changes', async t => {
  const { path, reloads } = await open(t, both)
  await t.test('while another file is seen to change', async t => {
    const other = await open(t, both)
    for (const [round, text] of ['x\n', `susan:${susan}\n`].entries()) {
      writeFileSync(path, text)
      await until(() => reloads.length === round + 1)
      for (const users of [`susan:${susan}\n`, both]) {
        writeFileSync(other.path, users)
        await until(() => other.store.size === users.match(/:/g)?.length)
      }
      t.equal(reloads.length, round + 1)
    }
  })
})

t.test('a reload that is asked for answers what it did', async t => {
  const { path } = await open(t, both)
  const reloads: ReloadResult[] = []
  const store = await usersFileStore({ path, label, queue: new HashQueue(), decoyKey, onReload: result => reloads.push(result), pollMs: 60_000 })
  t.teardown(() => store.close())
  writeFileSync(path, 'x\n')
  const [first, second] = await Promise.all([store.reload(), store.reload()])
  t.has(first, { ok: false, callers: 2, message: 'users file rejected, the previous callers stay: users.htpasswd:1 this line has no colon between name and hash' })
  t.equal(second, first, 'and does for two who ask at once')
  writeFileSync(path, `susan:${susan}\n`)
  t.has(await store.reload(), { ok: true, callers: 1, warnings: [{ level: 'warning', subject: 'users.htpasswd', code: 'insecure', message: 'argon2id with such low parameters is quickly guessed', position: { line: 1 } }] })
  t.equal(reloads.length, 2)
})

t.test('what is being read is not read once more when the watch finds it', async t => {
  const { store, path, reloads } = await open(t, both)
  writeFileSync(path, Array.from({ length: 30_000 }, (_, index) => `user${index}:${strong}\n`).join(''))
  await store.reload()
  await t.test('nor later, while another file is seen to change', async t => {
    const other = await open(t, both)
    writeFileSync(other.path, `susan:${susan}\n`)
    await until(() => other.store.size === 1)
  })
  await store.reload()
  t.equal(reloads.length, 2)
})

t.test('whoever is told of a reload may fail without ending reloads', async t => {
  const { path } = await open(t, both)
  let told = 0
  const store = await usersFileStore({
    path,
    label,
    queue: new HashQueue(),
    decoyKey,
    onReload () {
      if (++told === 1) throw new Error('no room for the log')
    }
  })
  t.teardown(() => store.close())
  await t.rejects(store.reload(), { message: 'no room for the log' })
  t.match(await store.reload(), { ok: true })
})

t.test('a closed store looks no more, and ends a load that runs', async t => {
  const { store, path, reloads } = await open(t, both)
  const running = store.reload()
  await store.close()
  t.match(reloads, [{ ok: true }])
  await running
  writeFileSync(path, `susan:${susan}\n`)
  const another = await usersFileStore({ path, label, queue: new HashQueue(), decoyKey, onReload () {}, pollMs: 20 })
  t.teardown(() => another.close())
  writeFileSync(path, both)
  await until(() => another.size === 2)
  t.equal(reloads.length, 1)
})
