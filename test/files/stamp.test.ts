import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readStable, stampsOf } from '../../src/files/stamp.js'
import { loadUsers } from '../../src/callers/users-file/load.js'
import { label, strong } from '../helpers/users-file.js'

t.test('a file that changes while it is read is read again, and given up when that never ends', async t => {
  const path = join(t.testdir({ users: 'one' }), 'users')
  let reads = 0
  const twice = await readStable(path, async () => {
    if (++reads < 3) writeFileSync(path, `${reads}`)
    return readFileSync(path, 'utf8')
  })
  t.has(twice, { content: '2' })
  t.equal(reads, 3)
  t.equal(await readStable(path, async () => writeFileSync(path, `${reads++}`)), undefined)

  const writer = setInterval(() => writeFileSync(path, `susan:${strong}\n`), 1)
  t.has(await loadUsers(path, label), { users: { mistakes: [{ code: 'unreadable', message: 'users.htpasswd keeps changing while it is read' }] } })
  clearInterval(writer)
})

t.test('a pipe has no stamp, as it can be read once; a file and a missing one have', async t => {
  const folder = t.testdir({ file: '' })
  execFileSync('mkfifo', ['pipe'], { cwd: folder })
  const paths = ['file', 'pipe', 'missing'].map(name => join(folder, name))
  t.strictSame([...(await stampsOf(paths)).keys()], [paths[0], paths[2]])
})
