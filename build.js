// Builds dist/: the server, the client for browsers, the same as a package of its own, and the pages of the console.
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const stamp = `${root}dist/.built`
// As npm runs it, by the script `prepare`: also when npx starts the program, for which a broker that runs must not lose its files.
if (process.argv[2] === '--if-needed' && isBuilt()) process.exit()
const { build } = await import('esbuild').catch(withoutTools)
const tsc = (...args) => execFileSync(process.execPath, [`${root}node_modules/@typescript/native/bin/tsc`, ...args], { cwd: root, stdio: 'inherit' })
const bundle = options => build({ absWorkingDir: root, bundle: true, format: 'esm', logLevel: 'warning', ...options })

rmSync(`${root}dist`, { recursive: true, force: true })
tsc('-p', 'tsconfig.build.json')
removeDeclarations(declarationsOf('dist/src/index.d.ts', 'dist/src/product.d.ts'))
// 300 files of TypeBox become one: to load them one by one takes as long as to load Fastify.
await bundle({
  entryPoints: ['src/lib/typebox.ts'],
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20',
  allowOverwrite: true,
  outfile: 'dist/src/lib/typebox.js'
})
tsc('-p', 'src/client', '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', 'dist/client')
await bundle({ entryPoints: ['index', 'react', 'tab', 'video'].map(name => `src/client/${name}.ts`), external: ['react'], minify: true, target: 'es2022', outdir: 'dist/client' })
await import('./src/client/package.js')
await import('./src/console/build.js')
await import('./src/http/openapi/build.js')
chmodSync(`${root}dist/src/bin.js`, 0o755)
writeFileSync(stamp, '')

/** The declarations of these entries, and all that they import. */
function declarationsOf (...entries) {
  const found = new Set(entries)
  for (const file of found) {
    for (const [, path] of readFileSync(join(root, file), 'utf8').matchAll(/\b(?:from|import\() ?'(\.[^']+)\.js'/g)) found.add(join(file, '..', `${path}.d.ts`))
  }
  return found
}

/** Nobody outside can import what the other declarations describe. They would be a tenth of the package. */
function removeDeclarations (keep) {
  const all = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).map(name => join('dist', name)).filter(file => file.endsWith('.d.ts'))
  for (const file of all) if (!keep.has(file)) rmSync(join(root, file))
}

/** Whether the last build was whole, and nothing of what it read has changed since. */
function isBuilt () {
  const built = modified(stamp)
  const folders = ['src', 'plugins'].flatMap(folder => readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map(name => `${root}${folder}/${name}`))
  const files = ['build.js', 'package.json', 'tsconfig.json', 'tsconfig.build.json'].map(name => root + name)
  return [...folders, ...files].every(file => modified(file) <= built)
}

function modified (file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** `npm ci --omit=dev` leaves out what builds. */
function withoutTools () {
  // npx hides what is written here, and after a failure it never again runs the program of this folder. The program itself says what to do.
  if (process.env.npm_command === 'exec') process.exit()
  console.error('The build needs the development dependencies. Run: npm ci && npm prune --omit=dev')
  process.exit(1)
}
