import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { complete, secrets } from '../helpers/broker.js'
import { inProcess, type InProcessOptions } from '../helpers/in-process.js'
import { installed } from '../helpers/installed.js'
import { root } from '../helpers/root.js'
import { open } from '../helpers/token.js'

const run = (args: string[], options: InProcessOptions = {}) => inProcess(args, { env: complete, ...options })

t.test('mint writes a token, and nothing else', async t => {
  const { code, out, err } = await run(['mint', 'video', '--identity', 'zoe\u0308', '--room', 'My Room', '--ttl', '600'])
  t.has({ code, err }, { code: 0, err: '' })
  t.match(out, /^eyJ\S+\n$/)
  const { claims } = open(out.trim(), secrets.keySecret)
  t.same(claims.grants, { identity: 'zo\u00eb', video: { room: 'My Room' } })
  t.equal(claims.exp - claims.iat, 600)

  const answer = JSON.parse((await run(['mint', 'voice', '--identity', 'susan', '--request', '{"outgoing":false}', '--json'])).out)
  t.match(answer, { identity: 'susan', expiresIn: 3600, expiresAt: /Z$/ })
  t.same(open(answer.token, secrets.keySecret).claims.grants, { identity: 'susan', voice: { incoming: { allow: true } } })
})

t.test('mint takes any identity that the product takes, be it no caller\'s name', async t => {
  for (const [product, identity] of [['sync', 'x'.repeat(256)], ['video', 'guest:1'], ['video', 'x'.repeat(128)], ['chat', '{a}*']] as const) {
    const { code, out } = await run(['mint', product, '--identity', identity])
    t.equal(code, 0, `${product} ${identity}`)
    t.equal((open(out.trim(), secrets.keySecret).claims.grants as { identity: string }).identity, identity)
  }
})

t.test('mint of a third party\'s product takes its own request', async t => {
  const cwd = t.testdir({
    'rooms.js': `import { defineProduct, Type } from ${JSON.stringify(new URL('../../src/product.js', import.meta.url).href)}
      export default defineProduct({
        name: 'rooms', settings: Type.Object({}), request: Type.Object({ floor: Type.Integer() }), allow: Type.Object({}),
        grant ({ request, identity }) {
          if (identity === 'broken') throw new TypeError('a fault of the plugin')
          return { key: 'rooms', toPayload: () => ({ floor: request.floor }) }
        }
      })`
  })
  const env = { ...complete, PRODUCTS: './rooms.js' }
  const { out } = await run(['mint', 'rooms', '--identity', 'susan', '--request', '{"floor":3}'], { env, cwd })
  t.same(open(out.trim(), secrets.keySecret).claims.grants, { identity: 'susan', rooms: { floor: 3 } })
  await t.rejects(run(['mint', 'rooms', '--identity', 'broken', '--request', '{"floor":3}'], { env, cwd }), TypeError, 'a fault is no refusal')
})

t.test('mint says what no token can be made of', async t => {
  const rows: Array<{ args: string[], code: number, err: RegExp, env?: Record<string, string> }> = [
    { args: ['vidoe', '--identity', 'susan'], code: 2, err: /^vidoe is not an enabled product; did you mean video\?\n$/ },
    { args: ['video', '--identity', ''], code: 2, err: /^identity: must NOT have fewer than 1 characters\n$/ },
    { args: ['sync', '--identity', 'x'.repeat(257)], code: 2, err: /^identity: sync takes at most 256 characters\.\n$/ },
    { args: ['video', '--identity', 'x'.repeat(129)], code: 2, err: /^identity: video takes at most 128 characters\.\n$/ },
    { args: ['video'], code: 2, err: /required option '--identity <name>'/ },
    { args: ['video', '--identity', 'susan', '--ttl', '1h'], code: 2, err: /whole number of seconds/ },
    { args: ['video', '--identity', 'susan', '--ttl', '60'], code: 2, err: /^ttl: must be >= 180\n$/ },
    { args: ['video', '--identity', 'susan', '--request', '[]'], code: 2, err: /must be a JSON object/ },
    { args: ['video', '--identity', 'susan', '--request', '{'], code: 2, err: /must be a JSON object/ },
    {
      args: ['video', '--identity', 'susan', '--request', '{"rooms":1}'],
      code: 2,
      err: /^the request: has an unknown property; known are room, ttl, identity\n$/
    },
    {
      args: ['video', '--identity', 'susan', '--room', 'a', '--request', '{"room":"b"}'],
      code: 2,
      err: /^room is given by --room and in --request; give it once\n$/
    },
    {
      args: ['video', '--identity', 'susan', '--ttl', '600', '--request', '{"ttl":700}'],
      code: 2,
      err: /^ttl is given by --ttl and in --request; give it once\n$/
    },
    {
      args: ['video', '--identity', 'susan', '--request', '{"identity":"juan"}'],
      code: 2,
      err: /^identity is given by --identity and in --request; give it once\n$/
    },
    { args: ['voice', '--identity', 'a.b'], code: 2, err: /^identity: voice takes letters, digits and _ only/ },
    {
      args: ['video', '--identity', 'susan'],
      code: 78,
      err: /^TWILIO_API_KEY_SECRET is missing.*\n$/,
      env: { ...complete, TWILIO_API_KEY_SECRET: '' }
    }
  ]
  for (const { args, code, err, env = complete } of rows) {
    const answer = await run(['mint', ...args], { env })
    t.has({ code: answer.code, out: answer.out }, { code, out: '' }, args.join(' '))
    t.match(answer.err, err)
  }
})

/** Every command that there is, found as a reader finds them: each help lists the commands below. */
async function commands (path: string[] = []): Promise<Array<{ path: string[], help: string }>> {
  const { code, out: help } = await run([...path, '--help'])
  if (code !== 0) throw new Error(`${path.join(' ')} --help exits with ${code}`)
  const listed = /\nCommands:\n([^]*?)(\n\n|$)/.exec(help)?.[1] ?? ''
  const names = Array.from(listed.matchAll(/^ {2}([a-z]\S*)/gm), ([, name]) => name!)
  const below = await Promise.all(names.map(name => commands([...path, name])))
  return [{ path, help }, ...below.flat()]
}

t.test('every command explains itself with an example of its own', async t => {
  const all = await commands()
  const names = all.map(({ path }) => path.join(' '))
  for (const name of ['', 'start', 'demo', 'init', 'users', 'users add', 'users passwd', 'users remove', 'users list', 'users check', 'policy', 'policy check', 'policy explain', 'policy schema', 'mint', 'inspect', 'explain', 'check', 'completion', 'help', 'users help']) {
    t.ok(names.includes(name), name)
  }
  for (const { path, help } of all) {
    const line = ['twilio-token-broker', ...path].join(' ')
    t.match(help, new RegExp(`^Usage: ${line}\\b`), line)
    t.match(/\nExamples:\n([^]+)$/.exec(help)?.[1], new RegExp(`${line}( |\\n|$)`), line)
  }
})

t.test('help shows the help of a command, or says why it cannot', async t => {
  const rows = [
    { args: ['help'], code: 0, out: /^Usage: twilio-token-broker \[options\]/ },
    { args: ['help', 'mint'], code: 0, out: /^Usage: twilio-token-broker mint/ },
    { args: ['help', 'users', 'add'], code: 0, out: /^Usage: twilio-token-broker users add/ },
    { args: ['users', 'help', 'add'], code: 0, out: /^Usage: twilio-token-broker users add/ },
    { args: ['help', 'nonsense'], code: 2, err: /^error: nonsense is not a command; known here: start, demo, / },
    { args: ['help', 'inspekt'], code: 2, err: /^error: inspekt is not a command; did you mean inspect\?\n/ },
    { args: ['help', 'users', 'ad'], code: 2, err: /^error: ad is not a command; did you mean add\?\n/ },
    { args: ['help', 'mint', 'video'], code: 2, err: /^error: video is not a command; there are none\n/ },
    { args: ['users', 'help', 'ad'], code: 2, err: /^error: ad is not a command; did you mean add\?\n/ }
  ]
  for (const { args, code, out = /^$/, err = /^$/ } of rows) t.match(await run(args), { code, out, err }, args.join(' '))
})

t.test('--version is the package\'s', async t => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const flag of ['--version', '-v']) t.same(await run([flag]), { code: 0, out: `${version}\n`, err: '' })
})

/** A line as it is typed, and what a shell then offers. */
const lines: Array<{ line: string[], offers: string[], offersNot?: string }> = [
  { line: ['ex'], offers: ['explain'] },
  { line: ['users', 'pas'], offers: ['passwd'] },
  { line: ['users', 'add', '--pass'], offers: ['--password-stdin'] },
  { line: ['policy', 'explain', '--no-'], offers: ['--no-incoming', '--no-outgoing'] },
  { line: ['completion', ''], offers: ['bash', 'zsh', 'fish'], offersNot: 'users' },
  { line: ['check', '--on'], offers: ['--online'] },
  { line: ['demo', '--port', '3000', '--he'], offers: ['--help'] }
]
const quote = (words: string[]) => words.map(word => `'${word}'`).join(' ')

/** How a script asks each shell what it would offer for a line. */
const shells: Record<string, (words: string[]) => string> = {
  bash: words => `COMP_WORDS=(${quote(words)}); COMP_CWORD=${words.length - 1}; _twilio_token_broker; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: words => `words=(${quote(words)}); CURRENT=${words.length}; _twilio_token_broker`,
  fish: words => `complete -C '${words.join(' ')}'`
}
/** zsh's own builtins for completion work inside its line editor only. */
const before: Record<string, string> = { zsh: 'compdef () { }; _files () { }; compadd () { shift; print -l -- "$@" };\n' }

for (const [shell, ask] of Object.entries(shells)) {
  t.test(`${shell} completes the commands`, { skip: !installed(shell) && `${shell} is not installed` }, async t => {
    const { code, out } = await run(['completion', shell])
    t.equal(code, 0)
    for (const { line, offers, offersNot = 'nothing' } of lines) {
      const { stdout, stderr } = spawnSync(shell, ['-c', `${before[shell] ?? ''}${out}\n${ask(['twilio-token-broker', ...line])}`], { encoding: 'utf8' })
      t.equal(stderr, '')
      const offered = stdout.split('\n').map(entry => entry.split('\t')[0])
      for (const word of offers) t.ok(offered.includes(word), `${line.join(' ')} → ${word}`)
      t.notOk(offered.includes(offersNot))
    }
  })
}

t.test('a shell that is not known is 2', async t => {
  t.match(await run(['completion', 'tcsh']), { code: 2, err: /Allowed choices are bash, zsh, fish/ })
})
