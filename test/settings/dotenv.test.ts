import { Readable } from 'node:stream'
import { isDeepStrictEqual, parseEnv } from 'node:util'
import t from 'tap'
import { textOf } from '../../src/lib/diagnostic.js'
import { parseDotenv } from '../../src/settings/dotenv.js'
import { isPlainName } from '../../src/settings/variable-name.js'
import { complete, startBroker, susan } from '../helpers/broker.js'
import { command } from '../helpers/command.js'
import { application, settings } from '../helpers/embedded.js'
import { ask } from '../helpers/http.js'
import { inProcess } from '../helpers/in-process.js'
import { random } from '../helpers/random.js'

const valuesOf = (text: string) => Object.fromEntries(Array.from(parseDotenv(text).assignments, ([name, { value }]) => [name, value]))

t.test('a valid line is read as Node itself reads it', t => {
  const { list, oneIn, pick } = random(17)
  const text = (characters: string) => list(0, 8, () => pick([...characters])).join('')
  const values = [
    () => text('abcXYZ019=.:/-_$\\\'"` ').replace(/^['"`\s]+/, '').trim(),
    () => `"${text('abc019=#\\n \'`$')}"`,
    () => `'${text('abc019=#\\n "`$')}'`,
    () => `\`${text('abc019=#\\n "\'$')}\``
  ]
  for (let i = 0; i < 2000; i++) {
    const lines = list(1, 5, () => `${oneIn(4) ? 'export ' : ''}${pick(['A', 'B_2', 'c', 'D.e-f'])}${pick(['=', ' = ', '= ', ' ='])}${pick(values)()}${pick(['', ' ', ' # c', '#"c'])}`)
    const expected = Object.assign({}, ...lines.map(line => parseEnv(line)))
    // Between them stands what Node's parser stumbles over.
    const file = lines.flatMap(line => oneIn(3) ? [pick(['', '  ', '  # A=1']), line] : [line])
    for (const text of [file.join('\n'), `\uFEFF${file.join('\r\n')}\r\n`]) {
      const found = { values: valuesOf(text), mistakes: parseDotenv(text).mistakes }
      if (!isDeepStrictEqual(found, { values: expected, mistakes: [] })) t.strictSame(found, { values: expected, mistakes: [] }, text)
    }
  }
  t.end()
})

const valid: Array<[line: string, value: string]> = [
  ['A=b', 'b'], ['  A=b  ', 'b'], ['A =b', 'b'], ['A= b', 'b'], ['\tA\t=\tb\t', 'b'], ['export A=b', 'b'], ['  export \t A = b', 'b'],
  ['A=', ''], ['A= # c', ''], ['A=b # c', 'b'], ['A=b#c', 'b'], ['A="b#c"#d', 'b#c'], ['A=\' b \'', ' b '], ['A=`b"\'c`', 'b"\'c'], ['A="b\\nc"', 'b\nc'],
  ['A=\'b\\nc\'', 'b\\nc'], ['A=b=c==', 'b=c=='], ['A=it\'s', 'it\'s'], ['A="b\\"', 'b\\'], ['A=\u00a0b\u00a0', 'b'], ['A=b\u2028c', 'b\u2028c'], ['A=1\nA=b', 'b'], ['A=b\rB=c', 'b']
]

t.test('what else is taken: export, blanks, quotes, comments, every line end', async t => {
  for (const [i, [line, value]] of valid.entries()) {
    t.strictSame({ value: valuesOf(line).A, mistakes: parseDotenv(line).mistakes }, { value, mistakes: [] }, `row ${i + 1}`)
  }
})

const secret = 'hGq7uTzR2wXy9AbC4dEf6GhJ8kLmN0pQ'
const upper = '9F86D081884C7D659A2FEAA0C55AD015'

/** A text, and what is said of each wrong line, with its number. */
const wrong: Array<{ name: string, text: string, mistakes: RegExp[] }> = [
  {
    name: 'a colon in the place of =',
    text: `A=1\nTWILIO_API_KEY_SECRET: ${secret}\nB=2`,
    mistakes: [/^\.env:2 this line is not an assignment/]
  },
  { name: 'a blank in its place', text: `TWILIO_API_KEY_SECRET ${secret}\nB=2`, mistakes: [/^\.env:1 this line is not an assignment/] },
  { name: 'nothing in its place', text: `TWILIO_API_KEY_SECRET${secret}\nB=2`, mistakes: [/^\.env:1 this line is not/] },
  { name: 'a colon, and an = in the value', text: `TWILIO_API_KEY_SECRET: ${secret}==\nB=2`, mistakes: [/^\.env:1 this line is not/] },
  {
    name: 'a command of the shell',
    text: `set -a\nexport TWILIO_API_KEY_SECRET\nB=2\nsource ${secret}`,
    mistakes: [/^\.env:1 /, /^\.env:2 /, /^\.env:4 /]
  },
  { name: 'no name', text: `=${secret}\nB=2`, mistakes: [/^\.env:1 /] },
  { name: 'a name with a blank', text: `MY SECRET=${secret}\nB=2`, mistakes: [/^\.env:1 /] },
  { name: 'JSON', text: `{\n"A": "${secret}"\n}\nB=2`, mistakes: [/^\.env:1 /, /^\.env:2 /, /^\.env:3 /] },
  { name: 'no closing quote', text: `A="${secret}\nB=2`, mistakes: [/^\.env:1 the closing quote is missing/] },
  { name: 'a quote alone', text: 'A=\'\nB=2', mistakes: [/^\.env:1 the closing quote is missing/] },
  {
    name: 'a value over several lines',
    text: `A="-----BEGIN\n${secret}\n-----END" # c\nC\nB=2`,
    mistakes: [/^\.env:1 the closing quote is missing/, /^\.env:4 this line is not/]
  },
  {
    name: 'two of them',
    text: `A="b\nc\nD='e\n${secret}\nf'\ng\nB=2`,
    mistakes: [/^\.env:1 the closing/, /^\.env:3 the closing/, /^\.env:6 this line/]
  },
  { name: 'more behind the closing quote', text: `A="b" ${secret}\nB=2`, mistakes: [/^\.env:1 text follows the closing quote/] },
  { name: 'an escaped quote', text: `A="b\\"${secret}"\nB=2`, mistakes: [/^\.env:1 text follows the closing quote/] },
  {
    name: 'more than a person reads',
    text: `${`${secret}\n`.repeat(25)}B=2`,
    mistakes: [...Array.from({ length: 20 }, (_, i) => new RegExp(`^\\.env:${i + 1} `)), /^\.env has 5 more lines that are wrong$/]
  }
]

t.test('every other line is a mistake with its number and without its text, and swallows no other', async t => {
  for (const { name, text, mistakes } of wrong) {
    const found = { mistakes: parseDotenv(text).mistakes.map(textOf) }
    t.equal(found.mistakes.length, mistakes.length, `${name}: ${found.mistakes.join(' | ')}`)
    for (const [i, mistake] of mistakes.entries()) t.match(found.mistakes[i], mistake, name)
    t.notMatch(found.mistakes.join(), secret, name)
    t.equal(valuesOf(text).B, '2', name)
  }
})

t.test('a variable\'s name is repeated only where it can be nothing else', async t => {
  for (const name of ['TWILIO_API_KEY', 'CORS_ORIGIN', 'FOO', 'MY_DATABASE_URL', 'TWILIO_API_KEY_SECRET_2', 'X']) t.ok(isPlainName(name), name)
  const others = [secret, upper, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', `TWILIO_API_KEY_SECRET_${upper}`, `TWILIO_API_KEY_SECRET: ${upper}`, 'twilio_api_key', 'A-B', 'A.B', '_A', 'A_', 'A__B', 'KEY_123', 'A\nB', '__proto__', '']
  for (const name of others) t.notOk(isPlainName(name), JSON.stringify(name))
})

/** Names that are or hold a secret, and every wrong line. */
const leaking = [
  `TWILIO_API_KEY_SECRET_${upper}==\n${upper}=\nTWILIO_API_KEY_SECRET:${upper}=\ntwilio_api_key_secret=${secret}\nTwilio-Api-Key-Secret=${secret}\nLOGIN_URL_${secret}=1\n`,
  wrong.map(({ text }) => text).join('\n').replaceAll('A=', 'TWILIO_API_SECRET=')
]
const { TWILIO_API_KEY_SECRET, PORT, ...others } = complete
const showsSecret = new RegExp(`${secret}|${upper}`)

t.test('S20: no command repeats a secret of a broken .env', async t => {
  const commands = [['check'], ['check', '--json'], ['mint', 'video', '--identity', 'susan'], ['start'], ['policy', 'check'], ['inspect', 'x'], ['users', 'list'], ['users', 'add', 'susan', '--password-stdin'], ['init', '--account-sid', others.TWILIO_ACCOUNT_SID!, '--key-sid', others.TWILIO_API_KEY_SID!, '--no-user', '--secret-stdin']]
  for (const env of leaking) {
    for (const args of commands) {
      const { code, out, err } = await inProcess(args, { cwd: t.testdir({ '.env': env }), env: { ...others, LOG_LEVEL: 'silent' }, stdin: Readable.from(['a long password\n']) })
      t.notMatch(out + err, showsSecret, args.join(' '))
      if (['check', 'mint', 'start'].includes(args[0]!)) t.match({ code, shown: out + err }, { code: 78, shown: /\.env:\d+ this line is not an assignment/ }, args.join(' '))
      if (args[0] === 'users') t.match(err, /^\.env:\d this line is not an assignment.* \(a warning\)$/m, args.join(' '))
    }
  }
  const started = command(['start'], { cwd: t.testdir({ '.env': leaking.join('\n') }), env: others })
  t.equal(await started.exit, 78)
  t.match(started.stderr(), /^ {2}\.env:3 this line is not an assignment/m)
  t.notMatch(started.stdout() + started.stderr(), showsSecret)
})

t.test('S21: a running broker whose .env is broken names the line, logs none of it, and goes on', async t => {
  const broker = await startBroker({ settings: { TWILIO_API_KEY_SECRET: '' }, files: { '.env': `TWILIO_API_KEY_SECRET=${TWILIO_API_KEY_SECRET}\n` } })
  t.teardown(broker.close)
  for (const env of leaking) {
    await broker.write('.env', env)
    await broker.reload()
  }
  t.match(broker.log(), /settings not taken, the old ones stay: \.env:2 this line is not an assignment/)
  t.notMatch(broker.log(), showsSecret)
  t.equal((await ask(broker.url, { as: susan })).status, 200)
})

t.test('the next setting behind a broken line is not swallowed', async t => {
  const { code, err } = await inProcess(['check'], { cwd: t.testdir({ '.env': 'OPERATORS: susan\nPOLICY_FILE=missing.yaml\n' }), env: { ...complete } })
  t.equal(code, 78)
  t.match(err, /^\.env:1 this line is not an assignment/m)
  t.match(err, /^missing\.yaml cannot be read/m)
})

t.test('what goes with a setting that could not be read is no mistake of its own', async t => {
  const { code, err } = await inProcess(['check'], { cwd: t.testdir({ '.env': 'JWT_ISSUER: https://idp.example\n' }), env: { ...complete, OPERATORS: 'jwt:olga' } })
  t.equal(code, 78)
  t.match(err, /^\.env:1 this line is not an assignment/m)
  t.notMatch(err, /OPERATORS/)
})

t.test('of the environment, only plain names are repeated', async t => {
  const { err } = await inProcess(['check'], { cwd: t.testdir(), env: { ...complete, TWILIO_API_KEY_SECRET: '', [`TWILIO_API_KEY_SECRET_${secret}`]: '=', LOGIN_URI: 'x', login_uri: 'x' } })
  t.match(err, /^TWILIO_API_KEY_SECRET is missing: a variable of the environment is not a setting; did you mean TWILIO_API_KEY_SECRET\?$/m)
  for (const name of ['LOGIN_URI', 'login_uri']) t.match(err, `${name} is not a setting; did you mean LOGIN_URL? (a warning)\n`)
  t.notMatch(err, showsSecret)
})

t.test('settings that an application gives are named by their place, where their names could be secrets', async t => {
  const refused: unknown = await application({ brokers: [{ settings: { ...settings, TWILIO_API_KEY_SECRET: '', [`TWILIO_API_KEY_SECRET_${upper}`]: 'x', [secret]: 'x', [upper]: [] as unknown as string } }] }).catch((error: unknown) => error)
  const { mistakes } = refused as { mistakes: string[] }
  t.match(mistakes.join('\n'), /^entry \d+ of settings must be text/m)
  t.match(mistakes.join('\n'), /^TWILIO_API_KEY_SECRET is missing: entry \d+ of settings is not a setting; did you mean TWILIO_API_KEY_SECRET\?$/m)
  t.match(mistakes.join('\n'), /^entry \d+ of settings is not a setting$/m)
  t.notMatch(mistakes.join('\n'), showsSecret)
})
