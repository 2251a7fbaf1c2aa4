import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import t from 'tap'
import { bundleClient } from './browser/bundle.js'
import { startBroker, susan } from './helpers/broker.js'
import { ask } from './helpers/http.js'
import { emptyFolder, install, outside, pack } from './helpers/packed.js'
import { root } from './helpers/root.js'
import { until } from './helpers/until.js'

interface ApiDocument { paths: object, components: object }

const folder = emptyFolder(t)
const packed = pack(folder)
const manifest = install(packed, folder, ['@types/node'])
const own = join(folder, 'node_modules/twilio-token-broker')

t.test('the package holds what users need and nothing else, in at most 600 kB', async t => {
  t.comment(`${packed.size} bytes`)
  t.ok(packed.size <= 600_000, `${packed.size} bytes`)
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', '.env.example', 'dist/src/bin.js', 'deploy/nginx/broker.conf', 'docs/operations.md', 'dist/console/index.html.br']) t.ok(packed.files.includes(file), file)
  t.strictSame(packed.files.filter(file => !/^(bin\.js|dist\/openapi\.json|dist\/(src|plugins|client)\/.+\.(js|d\.ts|html|css|svg)|dist\/console\/[\w-]+\.(js|html|css|svg|txt)\.br|docs\/.+\.(md|png)|deploy\/.+|(README|CHANGELOG|CONTRIBUTING)\.md|LICENSE|package\.json|\.env\.example)$/.test(file)), [])
})

t.test('it holds the API as OpenAPI, as a broker with every product answers it', async t => {
  const written = JSON.parse(readFileSync(join(own, 'dist/openapi.json'), 'utf8')) as ApiDocument
  const broker = await startBroker()
  t.teardown(broker.close)
  const answered = (await ask(broker.url, { method: 'GET', path: '/openapi.json', as: susan })).body as unknown as ApiDocument
  t.strictSame(written.paths, JSON.parse(JSON.stringify(answered.paths, (name, value: unknown) => ['x-allowed', 'x-allow'].includes(name) ? undefined : value)))
  t.strictSame(written.components, answered.components)
  t.notMatch(JSON.stringify(written), /x-allow|x-caller/)
  t.match(await new Validator().validate({ ...written }), { valid: true })
})

t.test('its declarations are those that its entries import, and no others', async t => {
  const entries = ['src/index', 'src/product', 'client/index', 'client/react']
  const imported = entries.flatMap(entry => [...importedFrom(join(own, `dist/${entry}.d.ts`), file => file.replace(/\.js$/, '.d.ts'))])
  const missing = packed.files.filter(file => /^dist\/(src|plugins)\/.+\.d\.ts$/.test(file) && !imported.includes(join(own, file)))
  t.strictSame(missing, [])
})

t.test('the client in the package is the one that its tests load', async t => {
  for (const entry of ['index', 'react', 'tab', 'video'] as const) t.equal(readFileSync(join(own, `dist/client/${entry}.js`), 'utf8'), await bundleClient(entry))
})

t.test('every link of a page in the package leads to a file in the package', t => {
  const pages = packed.files.filter(file => file.endsWith('.md'))
  const links = pages.flatMap(page => [...readFileSync(join(own, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => ({ page, target: target! })))
  t.ok(links.filter(({ page }) => page === 'README.md').length >= 20)
  for (const { page, target } of links) t.ok(packed.files.includes(join(dirname(page), target)), `${page}: ${target}`)
  t.end()
})

t.test('npm publishes it from any machine', async t => {
  const published: string[] = []
  const registry = createServer((request, response) => {
    published.push(`${request.method} ${request.url}`)
    request.resume().once('end', () => response.writeHead(request.method === 'PUT' ? 201 : 404, { 'Content-Type': 'application/json' }).end('{}'))
  })
  t.teardown(() => registry.close())
  await once(registry.listen(0, '127.0.0.1'), 'listening')
  const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`
  const { code, output } = await run('npm', ['publish', packed.tarball, '--registry', `http://${host}`, `--//${host}/:_authToken=none`, '--ignore-scripts', '--loglevel', 'error', '--userconfig', join(folder, '.npmrc'), '--cache', join(folder, 'cache')])
  t.equal(code, 0, output)
  t.ok(published.includes('PUT /twilio-token-broker'), published.join())
})

t.test('nothing runs when it is installed, neither of its own nor of what it depends on', async t => {
  t.strictSame(Object.keys(manifest.scripts).filter(name => /^(pre|post)?install$/.test(name)), [])
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: boolean, hasInstallScript?: boolean }> }
  t.strictSame(Object.entries(packages).filter(([path, { dev, hasInstallScript }]) => path !== '' && !dev && hasInstallScript).map(([path]) => path), [])
})

t.test('npm, bundlers and TypeScript find every entry', async t => {
  const { messages } = await publint({ pkgDir: own, strict: true })
  t.strictSame(messages, [])
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball))))
  if (!checked.types) return t.fail('has no types')
  // An ES module: CommonJS loads it by require() since Node 20.19, of which TypeScript's node16 knows nothing yet, nor node10 of exports.
  const ofModules = checked.problems.filter(problem => !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind)))
  t.same(ofModules, [])
  t.strictSame(Object.keys(checked.entrypoints).sort(), ['.', './client', './client/react', './client/tab', './client/video', './openapi.json', './package.json', './product'])
})

/** Its Fastify is found before the one beside the package, on which the broker itself depends. */
function consumer (name: string, fastify: string): string {
  const project = join(folder, name)
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  symlinkSync(join(root, 'node_modules', fastify), join(project, 'node_modules/fastify'))
  return project
}

t.test('a strict TypeScript program takes all entries, and is told of its mistakes, whatever Fastify 5 it has', async t => {
  for (const { fastify, module, moduleResolution } of [
    { fastify: 'fastify', module: 'nodenext', moduleResolution: 'nodenext' },
    { fastify: 'fastify', module: 'preserve', moduleResolution: 'bundler' },
    { fastify: 'fastify-oldest', module: 'nodenext', moduleResolution: 'nodenext' }
  ]) {
    const project = consumer(`${fastify}-${module}`, fastify)
    copyFileSync(join(root, 'test/fakes/consumer/consumer.ts'), join(project, 'consumer.ts'))
    writeFileSync(join(project, 'package.json'), '{"type":"module"}')
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: 'es2023', lib: ['es2023', 'dom'], module, moduleResolution, noEmit: true, types: ['node'], skipLibCheck: true },
      include: ['consumer.ts']
    }))
    const compiled = await run(join(root, 'node_modules/.bin/tsc'), ['-p', project])
    t.strictSame(compiled, { code: 0, output: '' }, `${fastify}, ${moduleResolution}`)
  }
})

t.test('the types of the broker and of products name no Fastify', async t => {
  for (const entry of ['index', 'product']) {
    const types = importedFrom(join(own, `dist/src/${entry}.d.ts`), file => file.replace(/\.js$/, '.d.ts'))
    t.ok(types.size > 3, entry)
    t.strictSame([...types].filter(file => /fastify/.test(readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\//g, ''))), [], entry)
  }
})

t.test('an application on the oldest Fastify 5 gives tokens by the broker', async t => {
  const project = consumer('oldest', 'fastify-oldest')
  writeFileSync(join(project, 'application.mjs'), `
    import { fastify } from 'fastify'
    import { broker } from 'twilio-token-broker'
    const app = fastify()
    await app.register(broker, {
      prefix: '/twilio',
      settings: { TWILIO_ACCOUNT_SID: 'AC${'1'.repeat(32)}', TWILIO_API_KEY_SID: 'SK${'1'.repeat(32)}', TWILIO_API_KEY_SECRET: '${'a1'.repeat(16)}', AUDIT_LOG: 'audit.log', PRODUCTS: 'video' },
      authenticate: (username, password, request) => request.method === 'POST' && password === 'secret123',
      cwd: import.meta.dirname
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch('http://127.0.0.1:' + app.addresses()[0].port + '/twilio/token/video', { method: 'POST', headers: { Authorization: 'Basic ' + btoa('susan:secret123') } })
    const { identity } = await answer.json()
    console.log(app.version, answer.status, identity)
    await app.close()
  `)
  t.strictSame(await run(process.execPath, [join(project, 'application.mjs')]), { code: 0, output: '5.0.0 200 susan\n' })
})

t.test('all entries load, and the embedded broker loads nothing of the command line', async t => {
  const loaded = await run(process.execPath, ['--input-type=module', '--eval', `
    const { broker, StartError } = await import('twilio-token-broker')
    const { defineProduct } = await import('twilio-token-broker/product')
    const { TokenBroker } = await import('twilio-token-broker/client')
    const { tab } = await import('twilio-token-broker/client/tab')
    const { connect } = await import('twilio-token-broker/client/video')
    console.log(typeof broker, typeof StartError, typeof defineProduct, typeof TokenBroker, typeof tab, typeof connect)
  `])
  t.strictSame(loaded, { code: 0, output: 'function function function function function function\n' })
  const sources = importedFrom(join(own, 'dist/src/index.js'))
  const texts = [...sources].map(file => readFileSync(file, 'utf8')).join('\n')
  t.ok(sources.size > 40)
  t.strictSame([...sources].filter(file => /\/cli\/|listener|renewal/.test(file)), [])
  t.notMatch(texts, /from '(commander|close-with-grace|pino-pretty)'|process\.(env|exit|on)\b/)
})

t.test('installed in an empty folder, its command runs the demo', async t => {
  const demo = spawn(...outside(join(folder, 'node_modules/.bin/twilio-token-broker'), 'demo', '--port', '0'), { cwd: folder })
  let output = ''
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', chunk => { output += chunk })
  const ended = once(demo, 'exit')
  await until(() => /curl -u/.test(output) || demo.exitCode !== null)
  const [, user, url] = /curl -u (\S+) (\S+)/.exec(output)!
  const answer = await fetch(url!, { headers: { Authorization: `Basic ${Buffer.from(user!).toString('base64')}` } })
  t.match(await answer.json(), { token: /^eyJ/, identity: 'susan' })
  demo.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
})

/** The file, and all that it imports of the package. */
function importedFrom (entry: string, toFile = (path: string) => path): Set<string> {
  const found = new Set<string>()
  const follow = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    for (const [, next] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) .*?from '(\.[^']+)'/gm)) follow(toFile(join(file, '..', next!)))
  }
  follow(entry)
  return found
}

async function run (program: string, args: string[]): Promise<{ code: number | null, output: string }> {
  const child = spawn(...outside(program, ...args), { cwd: folder })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => { output += chunk })
  const [code] = await once(child, 'close') as [number | null]
  return { code, output }
}
