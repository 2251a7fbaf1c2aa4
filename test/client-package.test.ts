import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build } from 'esbuild'
import { publint } from 'publint'
import t from 'tap'
import { bundleClient } from './browser/bundle.js'
import { emptyFolder, outside, pack, type Manifest } from './helpers/packed.js'
import { root } from './helpers/root.js'

const folder = emptyFolder(t)
const packed = pack(folder, 'dist/client-package')
const own = join(folder, 'node_modules/twilio-token-broker-client')
writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
execFileSync(...outside('npm', 'install', '--offline', '--no-audit', '--no-fund', packed.tarball), { cwd: folder, stdio: 'pipe' })

t.test('npm installs the client into an empty folder, and nothing beside it', async t => {
  t.strictSame(readdirSync(join(folder, 'node_modules')).filter(name => !name.startsWith('.')), ['twilio-token-broker-client'])
  t.ok(packed.size <= 25_000, `${packed.size} bytes`)
  t.strictSame(packed.files.filter(file => !/^([\w-]+\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/.test(file)), [])
})

t.test('its modules are those of twilio-token-broker/client, byte by byte, in the same version', async t => {
  for (const entry of ['index', 'react', 'tab', 'video'] as const) {
    const text = readFileSync(join(own, `${entry}.js`), 'utf8')
    t.equal(text, readFileSync(join(root, `dist/client/${entry}.js`), 'utf8'))
    t.equal(text, await bundleClient(entry))
  }
  const manifest = (path: string) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest
  t.equal(manifest(own)['version'], manifest(root)['version'])
  t.equal(manifest(own).dependencies, undefined)
})

t.test('a page bundles it, and the types of its mistakes are found', async t => {
  symlinkSync(join(root, 'node_modules/react'), join(folder, 'node_modules/react'))
  writeFileSync(join(folder, 'page.ts'), `
    import { TokenBroker } from 'twilio-token-broker-client'
    import { TokenBrokerProvider } from 'twilio-token-broker-client/react'
    import { tab } from 'twilio-token-broker-client/tab'
    import { connect } from 'twilio-token-broker-client/video'
    declare module 'twilio-token-broker-client' {
      interface Products { taskrouter: { worker: string } }
    }
    const broker = new TokenBroker({ url: 'https://tokens.example.com', credentials: () => null, keep: tab })
    broker.token('taskrouter', { worker: 'WK1' }).catch(() => {})
    // @ts-expect-error
    broker.token('vidoe').catch(() => {})
    export default [broker, connect, TokenBrokerProvider({ broker })]
  `)
  const { outputFiles: [file] } = await build({ entryPoints: [join(folder, 'page.ts')], bundle: true, format: 'esm', write: false })
  t.match(file!.text, /twilio-token-broker/)
  const types = ['--noEmit', '--strict', '--module', 'preserve', '--moduleResolution', 'bundler', '--target', 'es2022', '--lib', 'es2022,dom', '--types', '', '--skipLibCheck', 'page.ts']
  execFileSync(...outside(join(root, 'node_modules/.bin/tsc'), ...types), { cwd: folder, stdio: 'inherit' })
})

t.test('npm, bundlers and TypeScript find every entry', async t => {
  t.strictSame((await publint({ pkgDir: own, strict: true })).messages, [])
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball))))
  if (!checked.types) return t.fail('has no types')
  // An ES module: CommonJS loads it by require() since Node 20.19, of which TypeScript's node16 knows nothing yet, nor node10 of exports.
  t.same(checked.problems.filter(problem => !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind))), [])
  t.strictSame(Object.keys(checked.entrypoints).sort(), ['.', './package.json', './react', './tab', './video'])
})

t.test('its pages and types name the package that they are in', async t => {
  for (const file of packed.files.filter(file => file.endsWith('.d.ts'))) t.notMatch(readFileSync(join(own, file), 'utf8'), /twilio-token-broker\/client/, file)
})
