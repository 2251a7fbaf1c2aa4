import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { errorCode } from '../../../src/files/errno.js'
import { withLock } from '../../../src/files/lock.js'
import { withUser, editUsers, similarNames, withHash, withoutUser, userNameMistake } from '../../../src/callers/users-file/edit.js'
import type { Edit } from '../../../src/callers/users-file/edit.js'

t.test('an edit leaves every other byte as it is', async t => {
  const latin1 = '\xe4:x\n'
  /** Without `after`, nothing is changed. */
  const rows: Array<{ name: string, edit: Edit, before: string, after?: string }> = [
    { name: 'adding to nothing', edit: withUser('susan', 'h'), before: '', after: 'susan:h\n' },
    { name: 'adding behind the last line', edit: withUser('susan', 'h'), before: '# all\n\njuan:x\n', after: '# all\n\njuan:x\nsusan:h\n' },
    { name: 'adding where the last line has no end', edit: withUser('susan', 'h'), before: 'juan:x', after: 'juan:x\nsusan:h\n' },
    {
      name: 'adding to lines with CR LF',
      edit: withUser('susan', 'h'),
      before: 'juan:x\r\nlucas:y',
      after: 'juan:x\r\nlucas:y\r\nsusan:h\r\n'
    },
    { name: 'adding to a file at fault', edit: withUser('susan', 'h'), before: `${latin1}juan\n`, after: `${latin1}juan\nsusan:h\n` },
    { name: 'adding a name that is there', edit: withUser('susan', 'h'), before: 'susan:x\n' },
    { name: 'adding a name that is there in another case', edit: withUser('susan', 'h'), before: '# x\nSUSAN:x\n' },
    { name: 'adding a name that only a comment holds', edit: withUser('susan', 'h'), before: '#susan:x\n', after: '#susan:x\nsusan:h\n' },
    {
      name: 'another hash',
      edit: withHash('juan', 'h'),
      before: '# all\r\nsusan:x \r\njuan:y\r\n\r\nlucas:z',
      after: '# all\r\nsusan:x \r\njuan:h\r\n\r\nlucas:z'
    },
    { name: 'another hash on the last line', edit: withHash('juan', 'h'), before: 'susan:x\njuan:y', after: 'susan:x\njuan:h' },
    {
      name: 'another hash behind a byte order mark',
      edit: withHash('juan', 'h'),
      before: '\xef\xbb\xbfjuan:y\n',
      after: '\xef\xbb\xbfjuan:h\n'
    },
    { name: 'another hash for a name without one', edit: withHash('juan', 'h'), before: 'juan\nsusan:x\n', after: 'juan:h\nsusan:x\n' },
    {
      name: 'another hash between lines that are not UTF-8',
      edit: withHash('juan', 'h'),
      before: `${latin1}juan:x\n${latin1}`,
      after: `${latin1}juan:h\n${latin1}`
    },
    { name: 'another hash for nobody', edit: withHash('Juan', 'h'), before: 'juan:y\n' },
    { name: 'removing', edit: withoutUser('juan'), before: '# all\nsusan:x\njuan:y\n# end', after: '# all\nsusan:x\n# end' },
    { name: 'removing a name that is there twice', edit: withoutUser('juan'), before: 'juan:x\nsusan:x\njuan:y', after: 'susan:x\n' },
    {
      name: 'removing the first behind a byte order mark',
      edit: withoutUser('juan'),
      before: '\xef\xbb\xbfjuan:y\r\nsusan:x',
      after: '\xef\xbb\xbfsusan:x'
    },
    { name: 'removing nobody', edit: withoutUser('nobody'), before: 'susan:x\n' },
    { name: 'removing a comment', edit: withoutUser('#susan'), before: '#susan:x\n' }
  ]
  for (const { name, edit, before, after } of rows) t.equal(edit(Buffer.from(before, 'latin1'))?.toString('latin1'), after, name)
})

t.test('names count in normal form C', async t => {
  const file = Buffer.from('zoe\u0308:x\nZo\u00eb:y\n')
  t.same(similarNames(file, 'zo\u00eb'), ['zo\u00eb', 'Zo\u00eb'])
  t.equal(withHash('zo\u00eb', 'h')(file)?.toString(), 'zo\u00eb:h\nZo\u00eb:y\n')
})

t.test('a user\'s name does not look like a comment', async t => {
  t.equal(userNameMistake('susan'), undefined)
  t.equal(userNameMistake('a:b'), 'a name holds none of : * { }')
  t.equal(userNameMistake('#susan'), 'a name in a users file must not begin with #, which begins a comment')
})

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

t.test('the file is made with mode 0600, and a stricter or group-readable mode is kept', async t => {
  const path = join(t.testdir(), 'users')
  await editUsers(path, withUser('susan', 'h'))
  t.equal(readFileSync(path, 'utf8'), 'susan:h\n')
  t.equal(modeOf(path), '600')
  for (const [before, after] of [[0o644, '600'], [0o666, '600'], [0o660, '600'], [0o700, '700'], [0o640, '640'], [0o400, '400']] as const) {
    chmodSync(path, before)
    await editUsers(path, withHash('susan', 'i'))
    t.equal(modeOf(path), after, before.toString(8))
  }
  t.same(readdirSync(t.testdirName), ['users'], 'nothing else is left')
})

t.test('the file stays its owner\'s', { skip: process.getuid?.() !== 0 && 'only root can give files away' }, async t => {
  const path = join(t.testdir({ users: 'susan:x\n' }), 'users')
  chownSync(path, 65534, 65534)
  await editUsers(path, withHash('susan', 'h'))
  t.match(statSync(path), { uid: 65534, gid: 65534 })
})

t.test('an edit that changes nothing writes nothing', async t => {
  const path = join(t.testdir({ users: 'susan:x\n' }), 'users')
  const before = statSync(path)
  t.equal(await editUsers(path, withUser('susan', 'h')), undefined)
  t.equal(statSync(path).ino, before.ino)
  t.equal(await editUsers(join(t.testdirName, 'absent'), withoutUser('susan')), undefined)
  t.notOk(existsSync(join(t.testdirName, 'absent')))
})

t.test('a link is followed, also to a file that is not there yet', async t => {
  const dir = t.testdir({ etc: { users: 'susan:x\n' }, link: t.fixture('symlink', 'etc/users'), second: t.fixture('symlink', 'link'), dangling: t.fixture('symlink', 'etc/new') })
  await editUsers(join(dir, 'second'), withUser('juan', 'h'))
  await editUsers(join(dir, 'dangling'), withUser('juan', 'h'))
  t.equal(readFileSync(join(dir, 'etc/users'), 'utf8'), 'susan:x\njuan:h\n')
  t.equal(readFileSync(join(dir, 'etc/new'), 'utf8'), 'juan:h\n')
  for (const link of ['link', 'second', 'dangling']) t.ok(lstatSync(join(dir, link)).isSymbolicLink())
  t.same(readdirSync(join(dir, 'etc')).sort(), ['new', 'users'])
})

t.test('what cannot be written is the error of the system, and the old file stays', async t => {
  const dir = t.testdir({ users: 'susan:x\n', folder: {}, loop: t.fixture('symlink', 'loop') })
  await t.rejects(editUsers(join(dir, 'folder'), withUser('juan', 'h')), { code: 'EISDIR' })
  await t.rejects(editUsers(join(dir, 'loop'), withUser('juan', 'h')), { code: 'ELOOP' })
  await t.rejects(editUsers(join(dir, 'absent/users'), withUser('juan', 'h')), { code: 'ENOENT' })

  const handle = await open(dir)
  t.capture(Object.getPrototypeOf(handle), 'sync', async () => { throw Object.assign(new Error('no space'), { code: 'ENOSPC' }) })
  await handle.close()
  await t.rejects(editUsers(join(dir, 'users'), withUser('juan', 'h')), { code: 'ENOSPC' })
  t.equal(readFileSync(join(dir, 'users'), 'utf8'), 'susan:x\n')
  t.same(readdirSync(dir).sort(), ['folder', 'loop', 'users'], 'no half file and no lock is left')
})

t.test('only errors of the system have a code to tell', async t => {
  t.equal(errorCode(Object.assign(new Error('no'), { code: 'EIO' })), 'EIO')
  for (const fault of [new TypeError('ours'), 'text', null]) {
    t.equal(await Promise.reject(fault).catch(errorCode).catch(error => error), fault)
  }
})

t.test('edits at once lose nothing', async t => {
  const path = join(t.testdir(), 'users')
  const names = Array.from({ length: 10 }, (_, index) => `user${index}`)
  await Promise.all(names.map(name => editUsers(path, withUser(name, 'h'), { timeoutMs: 60_000 })))
  t.same(readFileSync(path, 'utf8').split('\n').sort(), ['', ...names.map(name => `${name}:h`)].sort())
  t.same(readdirSync(t.testdirName), ['users'])
})

/** The process id of a process that was there and is no more. */
const dead = spawnSync(process.execPath, ['--version'], { env: {} }).pid
const id = '01234567-89ab-cdef-0123-456789abcdef'

t.test('a lock says who holds it, and goes with the work, whatever becomes of that', async t => {
  const file = join(t.testdir(), 'users')
  await t.rejects(withLock(file, async () => {
    t.match(readlinkSync(`${file}.lock`), `${process.pid}@${hostname()}:`)
    throw new Error('ours')
  }), { message: 'ours' })
  t.same(readdirSync(t.testdirName), [])
})

t.test('a lock that is not given back is waited for, then named', async t => {
  const locks: Array<[what: string, lock: string]> = [
    ['of a process that lives', `${process.pid}@${hostname()}:${id}`],
    ['of another machine', `${dead}@elsewhere.${hostname()}:${id}`],
    ['of a kind we do not make', 'elsewhere']
  ]
  for (const [what, lock] of locks) {
    const file = join(t.testdir({ 'users.lock': t.fixture('symlink', lock) }), 'users')
    await t.rejects(withLock(file, async () => t.fail('worked'), { timeoutMs: 60 }), { name: 'LockError', message: `another command is writing ${file}; if none is, run: rm ${file}.lock` }, what)
    t.equal(readlinkSync(`${file}.lock`), lock)
  }
  const file = join(t.testdir({ 'users.lock': 'a file' }), 'users')
  await t.rejects(withLock(file, async () => t.fail('worked'), { timeoutMs: 0 }), { name: 'LockError' })
})

t.test('the lock of a process that died is taken over, by one at a time', async t => {
  const file = join(t.testdir({ 'users.lock': t.fixture('symlink', `${dead}@${hostname()}:${id}`) }), 'users')
  let working = 0
  await Promise.all(Array.from({ length: 10 }, () => withLock(file, async () => {
    t.equal(++working, 1)
    await new Promise(resolve => setImmediate(resolve))
    working--
  }, { timeoutMs: 60_000 })))
  t.same(readdirSync(t.testdirName), [])
})

t.test('the lock of a process that died is left to whoever is removing it', async t => {
  const dir = t.testdir({
    'users.lock': t.fixture('symlink', `${dead}@${hostname()}:${id}`),
    [`users.lock.${id}`]: t.fixture('symlink', `${process.pid}@${hostname()}:${id}`)
  })
  await t.rejects(withLock(join(dir, 'users'), async () => t.fail('worked'), { timeoutMs: 60 }), { name: 'LockError' })
  t.ok(lstatSync(join(dir, 'users.lock')))
})

t.test('a lock that another took meanwhile is not removed in place of the dead one', async t => {
  const lock = join(t.testdir({ 'users.lock': t.fixture('symlink', `${dead}@${hostname()}:${id}`) }), 'users.lock')
  const living = `${process.pid}@elsewhere:${id}`
  t.capture(process, 'kill', () => {
    rmSync(lock)
    symlinkSync(living, lock)
    throw Object.assign(new Error('no such process'), { code: 'ESRCH' })
  })
  await t.rejects(withLock(join(t.testdirName, 'users'), async () => t.fail('worked'), { timeoutMs: 60 }), { name: 'LockError' })
  t.equal(readlinkSync(lock), living)
  t.same(readdirSync(t.testdirName), ['users.lock'])
})
