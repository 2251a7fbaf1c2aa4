import { execFileSync } from 'node:child_process'
import { chmodSync, truncateSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { textOf } from '../../../src/lib/diagnostic.js'
import { loadUsers } from '../../../src/callers/users-file/load.js'
import { label, strong } from '../../helpers/users-file.js'

t.test('what is no readable file is a mistake that says what to do', async t => {
  const dir = t.testdir({ folder: {}, empty: '', users: `susan:${strong}\n`, link: t.fixture('symlink', 'link') })
  const mistakesOf = async (name: string) => {
    const { users } = await loadUsers(join(dir, name), name)
    return 'mistakes' in users ? users.mistakes.map(textOf).join() : ''
  }
  execFileSync('mkfifo', [join(dir, 'pipe')])
  writeFileSync(join(dir, 'large'), '', { mode: 0o600 })
  truncateSync(join(dir, 'large'), 64 * 2 ** 20 + 1)
  chmodSync(join(dir, 'empty'), 0o600)
  t.equal(await mistakesOf('absent'), 'absent is missing; add a user: npx twilio-token-broker users add NAME')
  t.equal(await mistakesOf('empty'), 'empty has no users; add a user: npx twilio-token-broker users add NAME')
  t.equal(await mistakesOf('folder'), 'folder is not a file')
  t.equal(await mistakesOf('pipe'), 'pipe is not a file')
  t.equal(await mistakesOf('large'), 'large is larger than 67108864 bytes')
  t.equal(await mistakesOf('link'), 'link cannot be read (ELOOP): check owner and mode of the file and of its directory')
  t.equal(await mistakesOf('users/below'), 'users/below cannot be read (ENOTDIR): check owner and mode of the file and of its directory')
})

t.test('a disk that fails is a mistake in the file', async t => {
  const path = join(t.testdir({ users: `susan:${strong}\n` }), 'users')
  const handle = await openFile(path)
  t.capture(Object.getPrototypeOf(handle), 'readFile', async () => { throw Object.assign(new Error('bad sector'), { code: 'EIO' }) })
  await handle.close()
  chmodSync(path, 0o600)
  t.match(await loadUsers(path, label), { users: { mistakes: [{ subject: label, code: 'unreadable', message: /^users.htpasswd cannot be read \(EIO\)/ }] } })
})

t.test('S117: who else may read or write the file matters', async t => {
  const rows: Array<[mode: number, says: object]> = [
    [0o600, { warnings: [] }],
    [0o400, { warnings: [] }],
    [0o640, { warnings: [] }],
    [0o644, { warnings: [{ subject: label, code: 'insecure', message: 'everyone may read users.htpasswd; run: chmod g-w,o= users.htpasswd' }] }],
    [0o660, { warnings: [{ subject: label, code: 'insecure', message: 'the group may write users.htpasswd; run: chmod g-w,o= users.htpasswd' }] }],
    [0o664, { warnings: [{ message: /^everyone may read/ }, { message: /^the group may write/ }] }],
    [0o602, { mistakes: [{ subject: label, code: 'insecure', message: 'everyone may write users.htpasswd; run: chmod g-w,o= users.htpasswd' }] }],
    [0o666, { mistakes: [{ message: /^everyone may write/ }] }]
  ]
  const path = join(t.testdir({ users: `susan:${strong}\n` }), 'users')
  for (const [mode, says] of rows) {
    chmodSync(path, mode)
    const { users } = await loadUsers(path, label)
    t.match(users, says, mode.toString(8))
    if ('warnings' in says) t.same('warnings' in users && users.warnings.length, (says.warnings as unknown[]).length)
  }
})
