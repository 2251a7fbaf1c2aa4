import { hash } from '@node-rs/argon2'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { readAtRest } from '../../src/callers/at-rest.js'
import type { VerifyHash } from '../../src/callers/hasher.js'
import { readUsers } from '../../src/callers/htpasswd.js'
import type { FileCaller } from '../../src/callers/htpasswd.js'
import { loadUsers } from '../../src/callers/load-users.js'
import { HashQueue } from '../../src/callers/queue.js'
import { UsersFileError, usersFileStore } from '../../src/callers/users-file.js'
import type { ReloadResult, UsersFileStore } from '../../src/callers/users-file.js'
import { verifyHash } from '../helpers/in-thread.js'
import { until } from '../helpers/until.js'

const label = 'users.htpasswd'
const cheap = { memoryCost: 64, timeCost: 1, parallelism: 1 }
const susan = await hash('correct horse', cheap)
const juan = await hash('battery staple', cheap)
/** Without a warning. */
const strong = '$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

const read = (text: string | Buffer, before?: ReadonlyMap<string, FileCaller>) => readUsers(Buffer.from(text), label, before)
const mistakesIn = async (text: string | Buffer) => {
  const users = await read(text)
  return 'mistakes' in users ? users.mistakes : []
}
const callersIn = async (text: string | Buffer) => {
  const users = await read(text)
  return 'mistakes' in users ? users.mistakes : [...users.callers.values()]
}

t.test('a users file is names and hashes, with comments, blank lines, CR LF and a byte order mark where it likes', async t => {
  const callers = [{ name: 'susan', identity: 'susan', hash: susan }, { name: 'juan', identity: 'juan', hash: juan }]
  const spellings = [
    `susan:${susan}\njuan:${juan}\n`,
    `susan:${susan}\njuan:${juan}`,
    `susan:${susan}\r\njuan:${juan}\r\n`,
    `\ufeffsusan:${susan}\njuan:${juan}\n`,
    `\ufeff# both\r\n\r\nsusan:${susan}\r\n \t\r\n#nobody:x\r\njuan:${juan}\r`
  ]
  for (const spelling of spellings) t.same(await callersIn(spelling), callers)
})

t.test('every mistake is reported at once, with file and line, and without the line\'s text', async t => {
  const file = Buffer.concat([
    Buffer.from([
      '# a comment',
      `susan:${strong}`,
      'secretpw',
      'juan:$apr1$QnDD6wyS$k56RqelHV2eStDnG6qe7P/',
      'lucas:secretpw',
      `:${strong}`,
      ` blank:${strong}`,
      `{caller}:${strong}`,
      `Susan:${strong}`,
      'cost:$2y$31$QdIU0zHio9wC4Mbx0HRTGO6kC7Y.y5GspWacd8UE0W3eTjNf4FXrq',
      `extra:${strong}:secret`,
      ''
    ].join('\n')),
    Buffer.from([0x6c, 0xe4, 0x3a, 0x78, 0x0a])
  ])
  t.same(await mistakesIn(file), [
    'users.htpasswd:3 this line has no colon between a name and a hash',
    'users.htpasswd:4 apr1 (MD5) is not taken; bcrypt, argon2id, scrypt are',
    'users.htpasswd:5 this is no hash of a known form; bcrypt, argon2id, scrypt are taken',
    'users.htpasswd:6 a name has 1 to 121 characters',
    'users.htpasswd:7 a name has no blank at either end',
    'users.htpasswd:8 a name holds none of : * { }',
    'users.htpasswd:9 the name of line 2 stands here again (case and normal form do not count)',
    'users.htpasswd:10 the cost of bcrypt is 4 to 14 here',
    'users.htpasswd:11 this is not a whole argon2id hash in PHC form ($argon2id$v=19$m=…,t=…,p=…$salt$hash)',
    'users.htpasswd:12 this line is not UTF-8'
  ])
})

t.test('a line below one that is not UTF-8 is read as ever', async t => {
  const file = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from('juan:secretpw\n')])
  t.match(await mistakesIn(file), [/^users.htpasswd:1 /, /^users.htpasswd:2 this is no hash/])
})

t.test('names that people would take for one another are duplicates', async t => {
  for (const [one, other] of [['susan', 'susan'], ['susan', 'SUSAN'], ['straße', 'STRASSE']]) {
    t.match(await mistakesIn(`${one}:${strong}\n${other}:${strong}\n`), [/^users.htpasswd:2 the name of line 1 stands here again/])
  }
  t.match(await mistakesIn(`zo\u00eb:${strong}\nzoe\u0308:${strong}\n`), [/^users.htpasswd:2 a name is in Unicode normal form C/])
})

t.test('of very many mistakes 20 are told and the rest counted', async t => {
  const mistakes = await mistakesIn('x\n'.repeat(100))
  t.equal(mistakes.length, 21)
  t.equal(mistakes[20], 'and 80 more like these in users.htpasswd')
})

t.test('what is weak is warned of once a kind', async t => {
  const bcrypt5 = '$2y$05$QdIU0zHio9wC4Mbx0HRTGO6kC7Y.y5GspWacd8UE0W3eTjNf4FXrq'
  const lines = [`a:${bcrypt5}`, `b:${strong}`, `c:${bcrypt5}`, `d:${bcrypt5}`, `e:${susan}`]
  t.match(await read(lines.join('\n')), {
    warnings: [
      'users.htpasswd:1 bcrypt of a cost below 10 is quickly guessed (and 2 more)',
      'users.htpasswd:5 argon2id of such low parameters is quickly guessed'
    ]
  })
})

t.test('a file without users names the command that adds one', async t => {
  for (const text of ['', '\ufeff', '\n\n', '# nobody\n']) {
    t.same(await mistakesIn(text), ['users.htpasswd holds no users; add a user: twilio-token-broker users add NAME'])
  }
})

t.test('the decoy has the parameters of the costliest hash in the file', async t => {
  const lines = [`a:${susan}`, `b:${strong}`, `c:${await bcryptHash('x', 4)}`]
  const users = await read(lines.join('\n'))
  t.match(users, { decoy: /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/ })
  t.notMatch(users, { decoy: strong })
})

t.test('callers that have not changed stay the same objects', async t => {
  const before = await read(`susan:${susan}\njuan:${juan}\n`)
  if ('mistakes' in before) return t.fail(before.mistakes.join())
  const after = await read(`juan:${susan}\nsusan:${susan}\nlucas:${juan}\n`, before.callers)
  if ('mistakes' in after) return t.fail(after.mistakes.join())
  t.equal(after.callers.get('susan'), before.callers.get('susan'))
  t.not(after.callers.get('juan'), before.callers.get('juan'))
})

t.test('reading a large file lets other work in', async t => {
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  await read(Array.from({ length: 20_000 }, (_, index) => `user${index}:${strong}\n`).join(''))
  clearInterval(timer)
  t.ok(turns > 5)
})

t.test('what is no readable file is a mistake that says what to do', async t => {
  const dir = t.testdir({ folder: {}, empty: '', users: `susan:${strong}\n`, link: t.fixture('symlink', 'link') })
  const mistakesOf = async (name: string) => {
    const { users } = await loadUsers(join(dir, name), name)
    return 'mistakes' in users ? users.mistakes.join() : ''
  }
  execFileSync('mkfifo', [join(dir, 'pipe')])
  writeFileSync(join(dir, 'large'), '', { mode: 0o600 })
  truncateSync(join(dir, 'large'), 64 * 2 ** 20 + 1)
  chmodSync(join(dir, 'empty'), 0o600)
  t.equal(await mistakesOf('absent'), 'absent is missing; add a user: twilio-token-broker users add NAME')
  t.equal(await mistakesOf('empty'), 'empty holds no users; add a user: twilio-token-broker users add NAME')
  t.equal(await mistakesOf('folder'), 'folder is not a file')
  t.equal(await mistakesOf('pipe'), 'pipe is not a file')
  t.equal(await mistakesOf('large'), 'large is larger than 67108864 bytes')
  t.equal(await mistakesOf('link'), 'link cannot be read (ELOOP): look at its owner and mode, and at those of its directory')
  t.equal(await mistakesOf('users/below'), 'users/below cannot be read (ENOTDIR): look at its owner and mode, and at those of its directory')
})

t.test('a disk that fails is a mistake in the file', async t => {
  const path = join(t.testdir({ users: `susan:${strong}\n` }), 'users')
  const handle = await openFile(path)
  t.capture(Object.getPrototypeOf(handle), 'readFile', async () => { throw Object.assign(new Error('bad sector'), { code: 'EIO' }) })
  await handle.close()
  chmodSync(path, 0o600)
  t.match(await loadUsers(path, label), { users: { mistakes: [/^users.htpasswd cannot be read \(EIO\)/] } })
})

t.test('who else may read or write the file matters', async t => {
  const rows: Array<[mode: number, says: object]> = [
    [0o600, { warnings: [] }],
    [0o400, { warnings: [] }],
    [0o640, { warnings: [] }],
    [0o644, { warnings: ['everyone may read users.htpasswd; run: chmod g-w,o= users.htpasswd'] }],
    [0o660, { warnings: ['its group may write users.htpasswd; run: chmod g-w,o= users.htpasswd'] }],
    [0o664, { warnings: [/^everyone may read/, /^its group may write/] }],
    [0o602, { mistakes: ['everyone may write users.htpasswd; run: chmod g-w,o= users.htpasswd'] }],
    [0o666, { mistakes: [/^everyone may write/] }]
  ]
  const path = join(t.testdir({ users: `susan:${strong}\n` }), 'users')
  for (const [mode, says] of rows) {
    chmodSync(path, mode)
    const { users } = await loadUsers(path, label)
    t.match(users, says, mode.toString(8))
    if ('warnings' in says) t.same('warnings' in users && users.warnings.length, (says.warnings as unknown[]).length)
  }
})

t.test('a file that changes while it is read is read again, and given up when that never ends', async t => {
  const path = join(t.testdir({ users: 'one' }), 'users')
  let reads = 0
  const twice = await readAtRest(path, async () => {
    if (++reads < 3) writeFileSync(path, `${reads}`)
    return readFileSync(path, 'utf8')
  })
  t.match(twice, { content: '2' })
  t.equal(reads, 3)
  t.equal(await readAtRest(path, async () => writeFileSync(path, `${reads++}`)), undefined)

  const writer = setInterval(() => writeFileSync(path, `susan:${strong}\n`), 1)
  t.match(await loadUsers(path, label), { users: { mistakes: ['users.htpasswd changes while it is read'] } })
  clearInterval(writer)
})

const login = () => ({ ip: '192.0.2.1', signal: new AbortController().signal })

/** A store over a file of a folder of its own, and what it told of reloads. */
async function open (t: Test, text: string, name = label, verify: VerifyHash = verifyHash) {
  const dir = t.testdir({ [label]: '' })
  const path = join(dir, name)
  writeFileSync(join(dir, label), text, { mode: 0o600 })
  chmodSync(join(dir, label), 0o600)
  if (name !== label) symlinkSync(label, path)
  const reloads: ReloadResult[] = []
  const queue = new HashQueue()
  const store = await usersFileStore({ path, label, queue, verifyHash: verify, onReload: result => reloads.push(result), pollEvery: 20 })
  t.teardown(() => store.close())
  return { dir, path, store, reloads, queue }
}

const both = `susan:${susan}\njuan:${juan}\n`
const letsIn = async (store: UsersFileStore, name: string, password: string) => await store.verify(name, password, login()) !== null

t.test('a store lets in who is in the file with the right password, and forgets nobody on the way', async t => {
  const { store } = await open(t, both)
  const caller = await store.verify('susan', 'correct horse', login())
  t.match(caller, { name: 'susan', identity: 'susan' })
  t.ok(caller && store.isCurrent(caller))
  t.notOk(store.isCurrent({ name: 'susan', identity: 'susan' }), 'only the object that verify gave')
  t.equal(store.size, 2)
  for (const [name, password] of [['susan', 'battery staple'], ['Susan', 'correct horse'], ['nobody', 'correct horse'], ['__proto__', 'x']] as const) {
    t.equal(await store.verify(name, password, login()), null)
  }
})

t.test('a file that cannot be used stops the start with every mistake', async t => {
  const path = join(t.testdir({ users: 'a\nb\n' }), 'users')
  chmodSync(path, 0o600)
  const options = { path, label, queue: new HashQueue(), onReload () {} }
  await t.rejects(usersFileStore(options), { name: 'UsersFileError', message: /:1 .*; .*:2 /, mistakes: [/^users.htpasswd:1 /, /^users.htpasswd:2 /] })
  await t.rejects(usersFileStore(options), UsersFileError)
})

t.test('the start tells what is odd', async t => {
  const { store } = await open(t, `susan:${susan}\n`)
  t.same(store.warnings, ['users.htpasswd:1 argon2id of such low parameters is quickly guessed'])
})

/** Runs something before every verification, and knows which hashes were verified. */
function beforeEachHash (before: () => Promise<void> = async () => {}) {
  const verified: string[] = []
  return {
    verified,
    async verify (hash: string, password: string) {
      verified.push(hash)
      await before()
      return verifyHash(hash, password)
    }
  }
}

t.test('unknown names and wrong passwords cost one hash each, of the same parameters', async t => {
  const { verified, verify } = beforeEachHash()
  const { store } = await open(t, both, label, verify)
  for (let round = 0; round < 100; round++) {
    t.equal(await store.verify(round % 2 ? 'susan' : `nobody${round}`, 'wrong', login()), null)
    t.equal(verified.length, round + 1)
  }
  t.same(new Set(verified.map(hash => hash.split('$')[3])), new Set(['m=64,t=1,p=1']))
})

t.test('in a file of several forms, an unknown name costs what the costliest costs', async t => {
  const { verified, verify } = beforeEachHash()
  const { store } = await open(t, `susan:${susan}\njuan:${await bcryptHash('x', 4)}\n`, label, verify)
  await store.verify('nobody', 'x', login())
  t.match(verified, [/^\$2y\$04\$/])
  t.equal(verified.length, 1)
})

t.test('who is removed while the hash runs is not let in', async t => {
  let meanwhile = async () => {}
  const { verify } = beforeEachHash(() => meanwhile())
  const { store, path } = await open(t, both, label, verify)
  meanwhile = async () => {
    writeFileSync(path, `juan:${juan}\n`)
    await store.reload()
  }
  t.equal(await letsIn(store, 'susan', 'correct horse'), false)
  t.equal(await letsIn(store, 'juan', 'battery staple'), true)
})

t.test('too many logins are told so, and one that hung up is not hashed', async t => {
  const { path } = await open(t, both)
  const queue = new HashQueue({ mostWaiting: 0, atOnce: 1 })
  const store = await usersFileStore({ path, label, queue, verifyHash, onReload () {} })
  t.teardown(() => store.close())
  const first = store.verify('susan', 'correct horse', login())
  await t.rejects(store.verify('susan', 'correct horse', login()), { code: 'overloaded' })
  t.ok(await first)
  await t.rejects(store.verify('susan', 'correct horse', { ip: '192.0.2.1', signal: AbortSignal.abort(new Error('gone')) }), { message: 'gone' })
})

t.test('every way of changing the file is seen, and others keep their login', async t => {
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
      const took = await until(() => store.size === 3)
      t.ok(took < 2000, `seen within 2 s: ${took}`)
      t.ok(caller && store.isCurrent(caller))
      t.match(reloads.at(-1), { ok: true, callers: 3, mistakes: [], message: 'users file taken: users.htpasswd' })
      t.equal(await letsIn(store, 'lucas', 'correct horse'), true)
    })
  }
})

t.test('renames are seen every time', async t => {
  const { dir, store } = await open(t, both)
  for (let round = 1; round <= 20; round++) {
    writeFileSync(join(dir, 'new'), both + `user${round}:${susan}\n`, { mode: 0o600 })
    renameSync(join(dir, 'new'), join(dir, label))
    await until(() => letsIn(store, `user${round}`, 'correct horse'), 2000)
  }
})

t.test('who is removed or gets another password is no longer current', async t => {
  const { store, path } = await open(t, both)
  const [one, other] = [await store.verify('susan', 'correct horse', login()), await store.verify('juan', 'battery staple', login())]
  writeFileSync(path, `juan:${susan}\n`)
  await until(() => store.size === 1)
  t.notOk(one && store.isCurrent(one))
  t.notOk(other && store.isCurrent(other))
  t.equal(await letsIn(store, 'juan', 'battery staple'), false)
  t.equal(await letsIn(store, 'juan', 'correct horse'), true)
})

t.test('a file at fault changes nothing and is reported once; the next good one is taken', async t => {
  const faults: Array<[fault: string, says: RegExp, change: (path: string) => void]> = [
    ['half written', /^users file not taken: users.htpasswd:2 this is not a whole argon2id hash/, path => writeFileSync(path, both.slice(0, -20))],
    ['empty', /users.htpasswd holds no users/, path => truncateSync(path, 0)],
    ['deleted', /users.htpasswd is missing/, path => rmSync(path)],
    ['a duplicate', /users.htpasswd:3 the name of line 1/, path => writeFileSync(path, `${both}SUSAN:${susan}\n`)],
    ['a weak hash', /users.htpasswd:3 crypt \(DES\) is not taken/, path => writeFileSync(path, `${both}lucas:6qdlYGFdyh6k6\n`)],
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
      t.match(reloads, [{ ok: false, message: says, mistakes: [/users\.htpasswd/], warnings: [], callers: 2 }])
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

t.test('a file that is still being written is not taken before it rests', async t => {
  const { store, path, reloads } = await open(t, both)
  writeFileSync(path, '')
  let lines = 0
  for (const start = performance.now(); performance.now() - start < 600; lines++) {
    writeFileSync(path, `user${lines}:${susan}\n`, { flag: 'a' })
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await until(() => store.size === lines)
  t.match(reloads.map(({ ok, callers }) => [ok, callers]), [[true, lines]])
})

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
  const store = await usersFileStore({ path, label, queue: new HashQueue(), onReload: result => reloads.push(result), pollEvery: 60_000 })
  t.teardown(() => store.close())
  writeFileSync(path, 'x\n')
  const [first, second] = await Promise.all([store.reload(), store.reload()])
  t.match(first, { ok: false, callers: 2, message: 'users file not taken: users.htpasswd:1 this line has no colon between a name and a hash' })
  t.match(second, { ok: false })
  writeFileSync(path, `susan:${susan}\n`)
  t.match(await store.reload(), { ok: true, callers: 1, warnings: ['users.htpasswd:1 argon2id of such low parameters is quickly guessed'] })
  t.equal(reloads.length, 3)
})

t.test('what is being read is not read once more when the watch finds it', async t => {
  const { store, path, reloads } = await open(t, both)
  writeFileSync(path, Array.from({ length: 30_000 }, (_, index) => `user${index}:${strong}\n`).join(''))
  await store.reload()
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
  const another = await usersFileStore({ path, label, queue: new HashQueue(), onReload () {}, pollEvery: 20 })
  t.teardown(() => another.close())
  writeFileSync(path, both)
  await until(() => another.size === 2)
  t.equal(reloads.length, 1)
})
