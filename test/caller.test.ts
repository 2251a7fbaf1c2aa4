import t from 'tap'
import { canonicalName, duplicateKey, groupsIn, isBearer, limitKey, loginName, nameMistake } from '../src/caller.js'
import { newPassword, usablePassword } from '../src/callers/password-rules.js'

const grin = '\u{1f600}'
const composed = 'zo\u00eb'
const decomposed = 'zoe\u0308'

/** A text by its code points, for the titles of assertions: TAP is made of lines. */
const spelt = (text: string) => Array.from(text.slice(0, 10), character => character.codePointAt(0)!.toString(16)).join(' ')

t.test('names that a caller may have', async t => {
  for (const name of ['a', 'susan', 'Susan B', '__proto__', '<script>', 'o\'brien', '#1', '李', composed, 'x'.repeat(121), grin.repeat(121)]) {
    t.equal(nameMistake(name), undefined, spelt(name))
    t.equal(loginName(name), name)
  }
})

t.test('names that nobody may have, each with the rule it breaks', async t => {
  const length = 'a name has 1 to 121 characters'
  const control = 'a name holds no control characters'
  const reserved = 'a name holds none of : * { }'
  const blank = 'a name has no blank at either end'
  const rows: Array<[name: string, says: string]> = [
    ['', length],
    ['x'.repeat(122), length],
    [grin.repeat(122), length],
    ['a\0b', control],
    ['a\nb', control],
    ['a\tb', control],
    ['a\x7fb', control],
    ['a\u0085b', control],
    ['a\u009fb', control],
    ['\u0085', control],
    ['a\ud800b', control],
    ['a:b', reserved],
    ['*', reserved],
    ['{caller}', reserved],
    [' susan', blank],
    ['susan ', blank],
    ['susan\u00a0', blank],
    ['\u3000susan', blank],
    ['a\u2028b', control],
    ['\u2029susan', control],
    ['\ufeffsusan', blank]
  ]
  for (const [name, says] of rows) {
    t.equal(nameMistake(name), says, spelt(name))
    t.equal(loginName(name), undefined)
  }
})

t.test('a name stands in normal form C, and a login may spell it in another', async t => {
  t.equal(nameMistake(decomposed), 'a name is in Unicode normal form C (NFC)')
  t.equal(loginName(decomposed), composed)
  t.equal(loginName(grin.repeat(100) + decomposed.repeat(5)), grin.repeat(100) + composed.repeat(5))
})

t.test('what is far longer than any name is not even normalised', async t => {
  t.capture(String.prototype, 'normalize', () => t.fail('normalised'))
  t.equal(loginName('a\u0301\u0327'.repeat(400)), undefined)
})

t.test('case, normal form and blanks around do not make another name', async t => {
  const rows = [
    ['alice', 'Alice', 'ALICE', ' alice', 'alice\u3000', '\ufeffalice'],
    [composed, decomposed, composed.toUpperCase(), decomposed.toUpperCase()],
    ['straße', 'STRASSE', 'strasse', 'stra\u1e9ee'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
    ['\u212a', 'k', 'K']
  ]
  for (const key of [duplicateKey, canonicalName]) {
    for (const spellings of rows) t.equal(new Set(spellings.map(key)).size, 1, spellings.join(' '))
    t.equal(new Set(rows.flat().map(key)).size, rows.length)
  }
})

t.test('a users file tells accents, width and format characters apart; limits do not', async t => {
  const rows = [
    ['alice', 'Àlìcé', 'ａｌｉｃｅ', 'al\u200bice', 'ⓐlice', 'ａＬＩＣＥ', '\u202ealice\u202c', 'al\u00adice', 'a\u034flice', 'ali\ufe0fce', 'alıce', '\u{1d44e}lice', 'alice\u3164'],
    ['o\'brien 2', 'Ｏ\'ＢＲＩＥＮ\u00a0２', 'ó\u0323\'brien ²'],
    ['\u1100\u1161', '\uac00', '\u1100\u200b\u1161'],
    ['αι', 'ᾳ', 'ΑΙ', 'ᾼ'],
    ['ffi', 'ﬃ', 'FFI', 'ﬀi']
  ]
  for (const spellings of rows) {
    t.equal(new Set(spellings.map(canonicalName)).size, 1, spellings.map(spelt).join(' | '))
  }
  t.equal(new Set(rows[0]!.slice(0, 5).map(duplicateKey)).size, 5)
  t.equal(new Set(rows.flat().map(canonicalName)).size, rows.length)
  for (const apart of ['alicе', 'alicee', 'al ice', 'al.ice', 'alic']) t.not(canonicalName(apart), canonicalName('alice'), spelt(apart))
})

t.test('every character has one key in upper and lower case and in all normal forms, and none becomes a mark of the policy', async t => {
  /** Without the scripts that know neither case nor composition, which are most of Unicode. */
  const blocks = [[0, 0x3400], [0xa000, 0xac10], [0xf900, 0x10600], [0x1d400, 0x1d800], [0x1e900, 0x1e960], [0x1f100, 0x1f200]] as const
  const characters = blocks.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => String.fromCodePoint(from + index)))
  const reserved = /[:*{}]/
  const broken = characters.filter(character => {
    const name = `a${character}b`
    const spellings = [name.toUpperCase(), name.toLowerCase(), name.normalize('NFC'), name.normalize('NFD'), canonicalName(name)]
    return spellings.some(spelling => canonicalName(spelling) !== canonicalName(name)) ||
      (!reserved.test(name) && reserved.test(canonicalName(name)))
  })
  t.same(broken, [])
})

t.test('tokens are counted by the name that the store answers, else by the identity, whatever their spelling', async t => {
  const rows = [
    { caller: { name: 'Susan', identity: 'user_7' }, key: 'SUSAN' },
    { caller: { name: 'Susan', identity: 'Susan', asTyped: true as const }, key: 'SUSAN' },
    { caller: { name: 'susan@example.com', identity: 'user_7', asTyped: true as const }, key: 'USER_7' }
  ]
  for (const { caller, key } of rows) t.equal(limitKey(caller), key)
})

t.test('passwords are taken in normal form C', async t => {
  const rows: Array<[typed: string, password: string | undefined]> = [
    ['a', 'a'],
    [' with blanks ', ' with blanks '],
    ['with:colon', 'with:colon'],
    [decomposed, composed],
    [grin.repeat(256), grin.repeat(256)],
    ['x'.repeat(1024), 'x'.repeat(1024)],
    ['', undefined],
    ['x'.repeat(1025), undefined],
    [`${grin.repeat(256)}x`, undefined],
    ['a\0b', undefined],
    ['a\r\nb', undefined],
    ['a\x7fb', undefined],
    ['a\u0090b', undefined],
    ['a\ud83d', undefined]
  ]
  for (const [typed, password] of rows) t.equal(usablePassword(typed), password, spelt(typed))
})

t.test('a new password has at least 8 characters, unless short ones are allowed', async t => {
  t.same(newPassword('1234567'), { mistake: 'a password has at least 8 characters', isShort: true })
  t.same(newPassword(grin.repeat(7)), { mistake: 'a password has at least 8 characters', isShort: true })
  t.same(newPassword('12345678'), { password: '12345678' })
  t.same(newPassword('1', { allowShort: true }), { password: '1' })
  t.same(newPassword(`${decomposed}12345`), { password: `${composed}12345` })
  for (const typed of ['', 'tab\ttab\t', 'x'.repeat(1025)]) {
    t.same(newPassword(typed, { allowShort: true }), { mistake: 'a password has 1 to 1024 bytes and no control characters', isShort: false })
  }
})

t.test('groups that a store or a token may say', async t => {
  for (const { title, said, groups } of [
    { title: 'none', said: [], groups: [] },
    { title: 'texts, each once', said: ['support', 'Domain Users', 'support'], groups: ['support', 'Domain Users'] },
    { title: 'in normal form C', said: [decomposed, composed], groups: [composed] },
    { title: 'of 128 characters', said: [grin.repeat(128)], groups: [grin.repeat(128)] },
    { title: '200 of them', said: Array.from({ length: 200 }, (_, i) => `g${i}`), groups: Array.from({ length: 200 }, (_, i) => `g${i}`) },
    { title: '201 of them', said: Array.from({ length: 201 }, (_, i) => `g${i}`) },
    { title: 'of 129 characters', said: ['x'.repeat(129)] },
    { title: 'of 129 characters outside the first plane', said: [grin.repeat(129)] },
    { title: 'one text', said: 'support' },
    { title: 'an empty text among them', said: ['support', ''] },
    { title: 'a number among them', said: ['support', 7] },
    { title: 'a NUL in one', said: ['sup\0port'] },
    { title: 'half a surrogate pair in one', said: ['\ud800'] },
    { title: 'a map', said: { support: true } },
    { title: 'null, which only some take for none', said: null }
  ]) t.strictSame(groupsIn(said), groups, title)
})

t.test('a caller with a bearer token is known by its name', async t => {
  t.ok(isBearer({ name: 'jwt:susan' }))
  t.notOk(isBearer({ name: 'susan' }))
  t.not(nameMistake('jwt:susan'), undefined, 'which no other caller can have')
})
