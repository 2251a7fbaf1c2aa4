import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { emptyFolder } from './helpers/packed.js'
import { root } from './helpers/root.js'

interface Manifest { [field: string]: unknown, bin: Record<string, string> }

/** What of a clone the rows need. `program` stands for what the build makes. */
function clone (t: Test, { program }: { program?: string } = {}): string {
  const folder = emptyFolder(t)
  for (const file of ['bin.js', 'build.js']) copyFileSync(join(root, file), join(folder, file))
  const { name, version, type, bin, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, type, bin, scripts }))
  for (const source of ['src', 'plugins']) mkdirSync(join(folder, source))
  if (program !== undefined) {
    mkdirSync(join(folder, 'dist/src'), { recursive: true })
    writeFileSync(join(folder, 'dist/src/bin.js'), program)
    writeFileSync(join(folder, 'dist/.built'), '')
  }
  return folder
}

function run (cwd: string, command: string, ...args: string[]) {
  const env = { ...process.env, NODE_OPTIONS: '', npm_config_cache: join(cwd, 'cache'), npm_config_offline: 'true', npm_config_update_notifier: 'false' }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

t.test('npx twilio-token-broker runs a built clone, and does not build it again', async t => {
  const folder = clone(t, { program: 'console.log(process.argv.slice(2).join())' })
  t.has(run(folder, 'npx', 'twilio-token-broker', 'explain', '20107'), { status: 0, stdout: 'explain,20107\n' })
  // The build would remove what it made before, and fail here.
  t.ok(existsSync(join(folder, 'dist/.built')))
})

t.test('in a clone that is not built the command says how to build it', async t => {
  t.match(run(clone(t), process.execPath, 'bin.js', 'start'), { status: 1, stdout: '', stderr: /^This clone is not built yet\. Build it, in its folder, by: npm ci\n$/ })
})

t.test('npx in a clone that is not built says so, too, and runs the program once it is built', async t => {
  const folder = clone(t)
  t.match(run(folder, 'npx', 'twilio-token-broker'), { status: 1, stdout: '', stderr: /^This clone is not built yet\. / })
  mkdirSync(join(folder, 'dist/src'), { recursive: true })
  writeFileSync(join(folder, 'dist/src/bin.js'), 'console.log(1)')
  t.has(run(folder, 'npx', 'twilio-token-broker'), { status: 0, stdout: '1\n' })
})

t.test('npm builds only what has changed, and without the development dependencies says what to do', async t => {
  const says = /^The build needs the development dependencies\. Run: npm ci && npm prune --omit=dev\n$/
  const built = clone(t, { program: '' })
  t.has(run(built, process.execPath, 'build.js', '--if-needed'), { status: 0, stdout: '', stderr: '' })
  t.match(run(built, process.execPath, 'build.js'), { status: 1, stderr: says }, 'npm run build always builds')
  const soon = new Date(Date.now() + 60_000)
  writeFileSync(join(built, 'src/new.ts'), '')
  utimesSync(join(built, 'src/new.ts'), soon, soon)
  t.match(run(built, process.execPath, 'build.js', '--if-needed'), { status: 1, stderr: says })
  t.match(run(clone(t), process.execPath, 'build.js', '--if-needed'), { status: 1, stderr: says })
})

t.test('the scripts of the package use them', async t => {
  const { bin, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  t.has({ bin, scripts }, { bin: { 'twilio-token-broker': 'bin.js' }, scripts: { prepare: 'node build.js --if-needed', start: 'node bin.js' } })
})
