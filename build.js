// Builds dist/: the server, the client for browsers, and the pages of the console.
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const tsc = (...args) => execFileSync(process.execPath, [`${root}node_modules/@typescript/native/bin/tsc`, ...args], { cwd: root, stdio: 'inherit' })
const bundle = options => build({ absWorkingDir: root, bundle: true, format: 'esm', logLevel: 'warning', ...options })

rmSync(`${root}dist`, { recursive: true, force: true })
tsc('-p', 'tsconfig.build.json')
// 300 files of TypeBox become one: to load them one by one takes as long as to load Fastify.
await bundle({ entryPoints: ['src/lib/typebox.ts'], platform: 'node', target: 'node20', allowOverwrite: true, outfile: 'dist/src/lib/typebox.js' })
tsc('-p', 'src/client', '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', 'dist/client')
await bundle({ entryPoints: ['src/client/index.ts'], minify: true, target: 'es2022', outfile: 'dist/client/index.js' })
await import('./src/console/build.js')
chmodSync(`${root}dist/src/bin.js`, 0o755)
