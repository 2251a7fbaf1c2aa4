import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import t from 'tap'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { fields } from '../src/products/definition.js'
import { cheapHash, complete, secrets, startBroker } from './helpers/broker.js'
import { freePort } from './helpers/free-port.js'
import { ask } from './helpers/http.js'
import { emptyFolder, install, outside, pack, type Manifest } from './helpers/packed.js'
import { root } from './helpers/root.js'
import { until } from './helpers/until.js'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...readdirSync(join(root, 'docs')).filter(file => file.endsWith('.md')).map(file => `docs/${file}`)]
const fenced = (text: string, language: string) => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code!)

/** Tables whose last column is a test, by its file and the id that its title begins with, and how many rows they have at least. */
const tables = { 'docs/security.md': 40, 'docs/operations.md': 28 }

/** Each row that names a test; one without an id names it by its title. */
const rowsOf = (page: string) => [...read(page).matchAll(/^\|(?:[^|\n]+\|){2,} `([\w/-]+)`(?:: (.+)| ([SO]\d+)) \|$/gm)].map(([, file, title, id]) => ({ file: file!, title, id }))

/** The titles in a file, as they are written. */
const titlesOf = (source: string) => [...source.matchAll(/\btest\((['`])((?:(?!\1)[^\\\n]|\\.)*)\1/g)].map(([, , text]) => text!.replaceAll('\\\'', '\''))

for (const [page, least] of Object.entries(tables)) {
  t.test(`every test that ${page} names is there`, async t => {
    const rows = rowsOf(page)
    t.ok(rows.length >= least, `${rows.length} rows`)
    for (const { file, title, id } of rows) {
      const titles = [`${file}.test.ts`, `${file}.ts`].filter(name => existsSync(join(root, 'test', name))).flatMap(name => titlesOf(read(`test/${name}`)))
      const named = titles.filter(text => id === undefined ? text.replace(/^[SO]\d+: /, '') === title : text.startsWith(`${id}: `))
      t.equal(named.length, 1, `${file} ${id ?? title}`)
    }
  })
}

t.test('the id of a test stands in one title, and in a table', async t => {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const ids = files.flatMap(file => titlesOf(read(`test/${file}`))).flatMap(title => /^([SO]\d+): /.exec(title)?.[1] ?? [])
  t.strictSame(ids, [...new Set(ids)])
  const named = new Set(Object.keys(tables).flatMap(page => rowsOf(page).map(({ id }) => id)))
  t.strictSame(ids.filter(id => !named.has(id)), [])
})

t.test('every fault of the operators\' table has what is seen, and a test', async t => {
  const [, table] = /## What happens when\n([^]*?)\n## /.exec(read('docs/operations.md'))!
  const rows = table!.split('\n').filter(line => line.startsWith('|')).slice(2).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
  for (const [fault, seen, , , test] of rows.filter(([fault]) => !fault!.startsWith('**'))) t.ok(seen !== '' && test !== '', `${fault}`)
})

t.test('every dependency has its reason', async t => {
  const { dependencies } = JSON.parse(read('package.json')) as Manifest
  for (const name of Object.keys(dependencies)) t.ok(read('docs/dependencies.md').includes(`\`${name}\``), name)
})

t.test('every link leads to a file or a heading', async t => {
  const anchors = (text: string) => [
    ...[...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-')),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id)
  ]
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [file, anchor] = target!.split('#') as [string, string?]
      const path = file === '' ? page : join(dirname(page), file)
      t.ok(existsSync(join(root, path)), `${page}: ${target}`)
      if (anchor !== undefined) t.ok(anchors(read(path)).includes(anchor), `${page}: ${target}`)
    }
  }
})

const folder = emptyFolder(t)
install(pack(folder), folder)
const bin = join(folder, 'node_modules/.bin')

t.test('the page of settings is what the schema and .env.example say', async t => {
  t.equal(execFileSync(...outside(process.execPath, 'docs/settings.js', '--print'), { cwd: root, encoding: 'utf8' }), read('docs/settings.md'), 'else: npm run docs')
})

t.test('the page on writing a product explains the example and its test as they are', async t => {
  const codes = fenced(read('docs/write-a-product.md'), 'js')
  t.strictSame(codes, ['index.js', 'test.js'].map(file => read(`examples/taskrouter/${file}`)))
})

t.test('the page on writing a product explains every field and every import that is not deprecated', async t => {
  const page = read('docs/write-a-product.md')
  const product = await import('../src/product.js')
  const old = await import('../src/products/deprecated.js')
  for (const name of Object.keys(product)) if (!(name in old)) t.match(page, new RegExp(`\\b${name}\\b`), name)
  for (const field of Object.keys(fields)) if (field !== 'yields') t.match(page, new RegExp(`^\\| \`${field}\\b`, 'm'), field)
})

t.test('the page on calls has an application that answers whom Twilio has signed for, by their identity alone', async t => {
  const [code] = fenced(read('docs/voice.md'), 'js')
  const cwd = join(folder, 'voice')
  mkdirSync(join(cwd, 'node_modules'), { recursive: true })
  for (const name of ['express', 'twilio']) symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name))
  writeFileSync(join(cwd, 'application.mjs'), code!)
  const port = await freePort()
  const child = spawn(...outside(process.execPath, 'application.mjs'), { cwd, env: { ...process.env, PORT: String(port), TWILIO_AUTH_TOKEN: 'a'.repeat(32) }, stdio: 'inherit' })
  t.teardown(() => child.kill())
  // The address that Twilio called, and how the proxy passes it on.
  const url = 'https://voice.example.com/voice'
  const call = async (params: Record<string, string>, signature = getExpectedTwilioSignature('a'.repeat(32), url, params)) => {
    const headers = { 'X-Twilio-Signature': signature, 'X-Forwarded-Proto': 'https', Host: 'voice.example.com', 'Content-Type': 'application/x-www-form-urlencoded' }
    const { status, text } = await ask(`http://127.0.0.1:${port}`, { path: '/voice', headers, body: String(new URLSearchParams(params)) })
    return `${status} ${text}`
  }
  const susan = { From: 'client:susan', To: '+15005550010' }
  await until(() => call(susan).then(() => true, () => child.exitCode !== null))
  t.match(await call(susan), /^200 .*<Dial callerId="\+15005550006">\+15005550010</)
  t.match(await call({ ...susan, To: '+15005550011' }), /<Reject\/>/)
  t.match(await call({ ...susan, From: 'client:juan', role: 'admin' }), /<Reject\/>/)
  t.match(await call({ ...susan, From: 'susan' }), /<Reject\/>/, 'a telephone is no client')
  t.match(await call(susan, 'forged'), /^403 /)
})

/** Stands for the checkout that the pages speak of: the packed package, with `npx twilio-token-broker` and `npm start` leading to it. */
const shims: Record<string, string> = {
  npx: `[ "$1" = twilio-token-broker ] && shift && exec ${bin}/twilio-token-broker "$@"`,
  npm: `case "$1 $2" in "ci ") exit;; "start ") exec ${bin}/twilio-token-broker;; "start --") shift 2; exec ${bin}/twilio-token-broker "$@";; esac; exit 9`
}

/** What is not a command that ends by itself with 0, by its first match. */
const special: Array<[command: RegExp, how: { code?: number, shows?: RegExp, input?: string, elsewhere?: string }]> = [
  [/(npm start --|npx twilio-token-broker) demo( --origin \S+)?$/, { shows: /curl -u susan/ }],
  [/^(npm|npx twilio-token-broker) start( &)?$/, { shows: /"msg":"listening"/ }],
  [/^npx twilio-token-broker init$/, { elsewhere: 'test/cli/init.test.ts' }],
  [/^(\(?cd |cp |npm create vite|npx vite)/, { elsewhere: 'examples/react' }],
  [/^npx twilio-token-broker probe/, { elsewhere: 'test/cli/probe.test.ts' }],
  [/check --online$/, { elsewhere: 'test/cli/check.test.ts' }],
  [/^npm run bench/, { elsewhere: 'bench' }],
  [/^npm (pack|install)\b/, { elsewhere: 'test/client-package.test.ts' }],
  [/^npm (test|run (docs|dev|test:unit|typecheck|lint|build)|publish|audit)/, { elsewhere: '.ci/run' }],
  [/^(npx eslint|node test\/run\.js)/, { elsewhere: '.ci/run' }],
  [/^npx twilio-token-broker inspect( <|$)/, { code: 1 }],
  [/^npx twilio-token-broker policy explain maria /, { code: 1 }],
  [/^npx twilio-token-broker users (add|hash)/, { input: 'a good password\na good password\n' }]
]

/** Commands of a page: in blocks of sh, behind a prompt, and within lines. */
function commandsOf (text: string): string[] {
  const blocks = fenced(text, 'sh').flatMap(code => code.split('\n')).map(line => line.replace(/\s+#.*$/, ''))
  const prompts = fenced(text, 'console').flatMap(code => code.split('\n').filter(line => line.startsWith('$ ')).map(line => line.slice(2)))
  const inline = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`((?:npx|npm) [^`]+)`/g)].map(([, command]) => command!)
  return [...blocks, ...prompts, ...inline].filter(command => command !== '' && !/[A-Z]{4}$|…|--help/.test(command))
}

t.test('every command of every page does what it says', async t => {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  for (const [name, text] of Object.entries(shims)) {
    writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(tools, name), 0o755)
  }
  const broker = await startBroker()
  t.teardown(broker.close)
  const [policy] = fenced(read('docs/policy.md'), 'yaml')
  let ran = 0
  for (const page of pages) {
    const cwd = join(folder, 'work', page)
    mkdirSync(cwd, { recursive: true })
    const files = {
      'users.htpasswd': `susan:${await cheapHash('secret123')}\n`,
      '.env': Object.entries({ ...complete, POLICY_FILE: 'policy.yaml', TWILIO_TASKROUTER_WORKSPACE_SID: `WS${'1'.repeat(32)}` }).map(([name, value]) => `${name}=${value}\n`).join(''),
      'policy.yaml': policy!,
      'token.txt': 'eyJhbGciOiJub25lIn0.e30.\n'
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text, { mode: 0o600 })
    copyFileSync(join(root, 'examples/taskrouter/index.js'), join(cwd, 'taskrouter.js'))
    for (const command of new Set(commandsOf(read(page)))) {
      const { code = 0, shows, input = 'secret123\n', elsewhere } = special.find(([pattern]) => pattern.test(command))?.[1] ?? {}
      if (elsewhere !== undefined) {
        t.ok(existsSync(join(root, elsewhere)), `${page}: ${command}: by ${elsewhere}`)
        continue
      }
      ran++
      const real = command.replace('PASSWORD', 'secret123').replace(/-u susan /, '-u susan:secret123 ').replace('http://127.0.0.1:3000', broker.url)
        .replace(/demo( --origin \S+)?$/, '$& --port 0').replace(/ &$/, '').replace(/^npx twilio-token-broker users (add \w+|hash)$/, '$& --password-stdin')
      const child = spawn(...outside('bash', '-c', `set -o pipefail; ${real}`), { cwd, env: { ...process.env, PATH: `${tools}${delimiter}${bin}${delimiter}${process.env.PATH}`, TOKEN: 'x' }, detached: true })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => { output += chunk })
      // Most read nothing, and may have ended by now.
      child.stdin.on('error', () => {}).end(input)
      const ended = once(child, 'close')
      if (shows !== undefined) {
        await until(() => shows.test(output) || child.exitCode !== null)
        t.match(output, shows, `${page}: ${command}`)
        if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM')
        await ended
        continue
      }
      t.strictSame((await ended)[0], code, `${page}: ${command}: ${output}`)
      const told = shown(read(page), command)
      if (told !== undefined && !/inspect|curl/.test(command)) t.equal(output, told, `${page}: ${command} says what the page says`)
      t.notMatch(output, secrets.keySecret)
    }
  }
  t.ok(ran > 15, `${ran} commands`)
})

/** What a page shows below a prompt. */
function shown (text: string, command: string): string | undefined {
  for (const code of fenced(text, 'console')) {
    const after = code.split(`$ ${command}\n`)[1]
    if (after !== undefined) return after.split(/^\$ /m)[0]
  }
}
