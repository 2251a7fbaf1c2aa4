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
  const rows: Array<[what: string, edit: Edit, before: string, after: string | undefined]> = [
    ['adding to nothing', withUser('susan', 'h'), '', 'susan:h\n'],
    ['adding behind the last line', withUser('susan', 'h'), '# all\n\njuan:x\n', '# all\n\njuan:x\nsusan:h\n'],
    ['adding where the last line has no end', withUser('susan', 'h'), 'juan:x', 'juan:x\nsusan:h\n'],
    ['adding to lines with CR LF', withUser('susan', 'h'), 'juan:x\r\nlucas:y', 'juan:x\r\nlucas:y\r\nsusan:h\r\n'],
    ['adding to a file at fault', withUser('susan', 'h'), `${latin1}juan\n`, `${latin1}juan\nsusan:h\n`],
    ['adding a name that is there', withUser('susan', 'h'), 'susan:x\n', undefined],
    ['adding a name that is there in another case', withUser('susan', 'h'), '# x\nSUSAN:x\n', undefined],
    ['adding a name that only a comment holds', withUser('susan', 'h'), '#susan:x\n', '#susan:x\nsusan:h\n'],
    ['another hash', withHash('juan', 'h'), '# all\r\nsusan:x \r\njuan:y\r\n\r\nlucas:z', '# all\r\nsusan:x \r\njuan:h\r\n\r\nlucas:z'],
    ['another hash on the last line', withHash('juan', 'h'), 'susan:x\njuan:y', 'susan:x\njuan:h'],
    ['another hash behind a byte order mark', withHash('juan', 'h'), '\xef\xbb\xbfjuan:y\n', '\xef\xbb\xbfjuan:h\n'],
    ['another hash for a name without one', withHash('juan', 'h'), 'juan\nsusan:x\n', 'juan:h\nsusan:x\n'],
    ['another hash between lines that are not UTF-8', withHash('juan', 'h'), `${latin1}juan:x\n${latin1}`, `${latin1}juan:h\n${latin1}`],
    ['another hash for nobody', withHash('Juan', 'h'), 'juan:y\n', undefined],
    ['removing', withoutUser('juan'), '# all\nsusan:x\njuan:y\n# end', '# all\nsusan:x\n# end'],
    ['removing a name that is there twice', withoutUser('juan'), 'juan:x\nsusan:x\njuan:y', 'susan:x\n'],
    ['removing the first behind a byte order mark', withoutUser('juan'), '\xef\xbb\xbfjuan:y\r\nsusan:x', '\xef\xbb\xbfsusan:x'],
    ['removing nobody', withoutUser('nobody'), 'susan:x\n', undefined],
    ['removing a comment', withoutUser('#susan'), '#susan:x\n', undefined]
  ]
  for (const [what, edit, before, after] of rows) t.equal(edit(Buffer.from(before, 'latin1'))?.toString('latin1'), after, what)
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
