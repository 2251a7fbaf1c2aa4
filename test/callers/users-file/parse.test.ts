import t from 'tap'
import { textOf } from '../../../src/lib/diagnostic.js'
import { readUsers, type FileCaller } from '../../../src/callers/users-file/parse.js'
import { juan, label, strong, susan } from '../../helpers/users-file.js'

const read = (text: string | Buffer, before?: ReadonlyMap<string, FileCaller>) => readUsers(Buffer.from(text), label, before)
const mistakesIn = async (text: string | Buffer) => {
  const users = await read(text)
  return 'mistakes' in users ? users.mistakes.map(textOf) : []
}
const callersIn = async (text: string | Buffer) => {
  const users = await read(text)
  return 'mistakes' in users ? users.mistakes.map(textOf) : [...users.callers.values()]
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
    'users.htpasswd:3 this line has no colon between name and hash',
    'users.htpasswd:4 apr1 (MD5) is not accepted; use one of bcrypt, argon2id, scrypt',
    'users.htpasswd:5 unknown hash format; use one of bcrypt, argon2id, scrypt',
    'users.htpasswd:6 a name has 1 to 121 characters',
    'users.htpasswd:7 a name has no blank at either end',
    'users.htpasswd:8 a name holds none of : * { }',
    'users.htpasswd:9 the same name as in line 2 (case and normal form do not count)',
    'users.htpasswd:10 the cost of bcrypt must be 4 to 14',
    'users.htpasswd:11 this is not a complete argon2id hash in PHC format ($argon2id$v=19$m=…,t=…,p=…$salt$hash)',
    'users.htpasswd:12 this line is not UTF-8'
  ])
})

t.test('a line below one that is not UTF-8 is read as ever', async t => {
  const file = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from('juan:secretpw\n')])
  t.match(await mistakesIn(file), [/^users.htpasswd:1 /, /^users.htpasswd:2 unknown hash format/])
})

t.test('names that people would take for one another are duplicates', async t => {
  for (const [one, other] of [['susan', 'susan'], ['susan', 'SUSAN'], ['straße', 'STRASSE']]) {
    t.match(await mistakesIn(`${one}:${strong}\n${other}:${strong}\n`), [/^users.htpasswd:2 the same name as in line 1/])
  }
  t.match(await mistakesIn(`zo\u00eb:${strong}\nzoe\u0308:${strong}\n`), [/^users.htpasswd:2 a name is in Unicode normal form C/])
})

t.test('of very many mistakes 20 are reported and the rest counted', async t => {
  const mistakes = await mistakesIn('x\n'.repeat(100))
  t.equal(mistakes.length, 21)
  t.equal(mistakes[20], 'users.htpasswd has 80 more mistakes like these')
})

t.test('what is weak is warned of once a kind', async t => {
  const bcrypt5 = '$2y$05$QdIU0zHio9wC4Mbx0HRTGO6kC7Y.y5GspWacd8UE0W3eTjNf4FXrq'
  const lines = [`a:${bcrypt5}`, `b:${strong}`, `c:${bcrypt5}`, `d:${bcrypt5}`, `e:${susan}`]
  t.has(await read(lines.join('\n')), {
    warnings: [
      { position: { line: 1 }, message: 'bcrypt with a cost below 10 is quickly guessed (and 2 more)' },
      { position: { line: 5 }, message: 'argon2id with such low parameters is quickly guessed' }
    ]
  })
})

t.test('a file without users names the command that adds one', async t => {
  for (const text of ['', '\ufeff', '\n\n', '# nobody\n']) {
    t.same(await mistakesIn(text), ['users.htpasswd has no users; add a user: npx twilio-token-broker users add NAME'])
  }
})

t.test('callers that have not changed stay the same objects', async t => {
  const before = await read(`susan:${susan}\njuan:${juan}\n`)
  if ('mistakes' in before) return t.fail(before.mistakes.map(textOf).join())
  const after = await read(`juan:${susan}\nsusan:${susan}\nlucas:${juan}\n`, before.callers)
  if ('mistakes' in after) return t.fail(after.mistakes.map(textOf).join())
  t.equal(after.callers.get('susan'), before.callers.get('susan'))
  t.not(after.callers.get('juan'), before.callers.get('juan'))
})

t.test('S103: reading a large file lets other work in', async t => {
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  await read(Array.from({ length: 20_000 }, (_, index) => `user${index}:${strong}\n`).join(''))
  clearInterval(timer)
  t.ok(turns > 5)
})
