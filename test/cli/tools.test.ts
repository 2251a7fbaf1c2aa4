import { spawnSync } from 'node:child_process'
import t from 'tap'
import { complete, secrets } from '../helpers/broker.js'
import { inProcess, type InProcessOptions } from '../helpers/in-process.js'
import { installed } from '../helpers/installed.js'
import { open } from '../helpers/token.js'

const run = (args: string[], options: InProcessOptions = {}) => inProcess(args, { env: complete, ...options })

t.test('mint writes a token, and nothing else', async t => {
  const { code, out, err } = await run(['mint', 'video', '--identity', 'zoe\u0308', '--room', 'My Room', '--ttl', '600'])
  t.match({ code, err }, { code: 0, err: '' })
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
  const rows: Array<[args: string[], code: number, err: RegExp, env?: Record<string, string>]> = [
    [['vidoe', '--identity', 'susan'], 2, /^vidoe is not an enabled product; did you mean video\?\n$/],
    [['video', '--identity', ''], 2, /^identity: must NOT have fewer than 1 characters\n$/],
    [['sync', '--identity', 'x'.repeat(257)], 2, /^identity: sync takes at most 256 characters\.\n$/],
    [['video', '--identity', 'x'.repeat(129)], 2, /^identity: video takes at most 128 characters\.\n$/],
    [['video'], 2, /required option '--identity <name>'/],
    [['video', '--identity', 'susan', '--ttl', '1h'], 2, /whole number of seconds/],
    [['video', '--identity', 'susan', '--ttl', '60'], 2, /^ttl: must be >= 180\n$/],
    [['video', '--identity', 'susan', '--request', '[]'], 2, /must be a JSON object/],
    [['video', '--identity', 'susan', '--request', '{'], 2, /must be a JSON object/],
    [['video', '--identity', 'susan', '--request', '{"rooms":1}'], 2, /^the request: has an unknown property; known are room, ttl, identity\n$/],
    [['video', '--identity', 'susan', '--request', '{"identity":"juan"}'], 2, /^identity: not one that this caller may name\n$/],
    [['voice', '--identity', 'a.b'], 2, /^identity: voice takes letters, digits and _ only/],
    [['video', '--identity', 'susan'], 78, /^TWILIO_API_KEY_SECRET is missing.*\n$/, { ...complete, TWILIO_API_KEY_SECRET: '' }]
  ]
  for (const [args, code, err, env = complete] of rows) {
    const answer = await run(['mint', ...args], { env })
    t.match({ code: answer.code, out: answer.out }, { code, out: '' }, args.join(' '))
    t.match(answer.err, err)
  }
})

t.test('every command explains itself with an example', async t => {
  for (const name of ['init', 'mint', 'inspect', 'explain', 'check', 'completion']) {
    t.match(await run([name, '--help']), { code: 0, out: new RegExp(`Usage: twilio-token-broker ${name}[^]*\nExamples:\n[^]*twilio-token-broker ${name}`) })
  }
})

/** A line as it is typed, and what a shell then offers. */
const lines: Array<[line: string[], offers: string[], not?: string]> = [
  [['ex'], ['explain']],
  [['users', 'pas'], ['passwd']],
  [['users', 'add', '--pass'], ['--password-stdin']],
  [['policy', 'explain', '--no-'], ['--no-incoming', '--no-outgoing']],
  [['completion', ''], ['bash', 'zsh', 'fish'], 'users'],
  [['check', '--on'], ['--online']],
  [['demo', '--port', '3000', '--he'], ['--help']]
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
    for (const [line, offers, not = 'nothing'] of lines) {
      const { stdout, stderr } = spawnSync(shell, ['-c', `${before[shell] ?? ''}${out}\n${ask(['twilio-token-broker', ...line])}`], { encoding: 'utf8' })
      t.equal(stderr, '')
      const offered = stdout.split('\n').map(entry => entry.split('\t')[0])
      for (const word of offers) t.ok(offered.includes(word), `${line.join(' ')} → ${word}`)
      t.notOk(offered.includes(not))
    }
  })
}

t.test('a shell that is not known is 2', async t => {
  t.match(await run(['completion', 'tcsh']), { code: 2, err: /Allowed choices are bash, zsh, fish/ })
})
