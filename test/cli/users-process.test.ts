import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { bcrypt, fileIn, password } from '../helpers/users-command.js'
import { label } from '../helpers/users-file.js'
import { until } from '../helpers/until.js'

const script = fileURLToPath(new URL('../helpers/users-cli.js', import.meta.url))
const inProcess = (file: string, args: string[]) => [...process.execArgv, script, file, ...args]
const env = { PATH: process.env.PATH }

/** Runs a command in a process of its own. */
async function usersProcess (t: Test, file: string, args: string[], input: string) {
  const child = spawn(process.execPath, inProcess(file, args), { env, stdio: ['pipe', 'ignore', 'pipe'] })
  t.teardown(() => child.kill())
  child.stdin.end(input)
  const [err, exitCode] = await Promise.all([text(child.stderr), new Promise(resolve => child.once('close', resolve))])
  return { exitCode, err }
}

t.test('two commands at once lose nothing', async t => {
  const file = join(t.testdir(), label)
  const answers = await Promise.all(['susan', 'juan'].map(name => usersProcess(t, file, ['add', name, '--password-stdin'], password)))
  t.same(answers, [{ exitCode: 0, err: '' }, { exitCode: 0, err: '' }])
  t.same(readFileSync(file, 'utf8').match(/^\w+(?=:)/gm)?.sort(), ['juan', 'susan'])
})

t.test('a full disk leaves the file as it was', { skip: process.platform === 'win32' && 'there is no ulimit' }, async t => {
  // Blocks of 512 bytes. Node itself writes a compile cache of some megabytes, which has to fit.
  const limit = 8192
  const before = `juan:${bcrypt}\n`.repeat(90_000)
  const dir = t.testdir({ [label]: before })
  const args = inProcess(join(dir, label), ['add', 'susan', '--password-stdin'])
  const { status, stderr } = spawnSync('sh', ['-c', `ulimit -f ${limit} && exec "$@"`, 'sh', process.execPath, ...args], { env, input: password, encoding: 'utf8' })
  t.match({ status, stderr }, { status: 78, stderr: /cannot be used \(EFBIG\): .* free space on the disk\n$/ })
  t.equal(fileIn(dir), before)
  t.same(readdirSync(dir), [label])
})

t.test('a real terminal does not show the password', { skip: spawnSync('script', ['--version']).error && 'script (util-linux) is not installed' }, async t => {
  const file = join(t.testdir(), label)
  const quoted = [process.execPath, ...inProcess(file, ['add', 'susan'])].map(arg => `'${arg}'`).join(' ')
  const child = spawn('script', ['-qec', quoted, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', text => { shown += text })
  const closed = new Promise(resolve => child.once('close', resolve))
  for (const question of ['New password: ', 'The same again: ']) {
    await until(() => shown.endsWith(question), 60_000)
    child.stdin.write(`${password}\r`)
  }
  t.equal(await closed, 0)
  t.match(shown, /added susan to/)
  t.notMatch(shown, 'correct')
  t.match(readFileSync(file, 'utf8'), /^susan:/)
})
