// Compiles the sources, the tests and the benchmarks into build/, so that no test process needs a TypeScript loader. `npm run typecheck` checks the types.
import { lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../', import.meta.url))
const folders = ['src', 'plugins', 'test', 'bench']
const typebox = 'src/lib/typebox.ts'
const options = { absWorkingDir: root, outbase: '.', outdir: 'build', format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning' }

/** Compiles what has changed since the last time, and removes what has lost its source. */
export async function compile () {
  const sources = filesIn(folders).filter(file => /(?<!\.d)\.tsx?$/.test(file))
  const outputs = new Map(sources.map(file => [`build/${file.replace(/tsx?$/, 'js')}`, file]))
  for (const file of filesIn(folders.map(folder => `build/${folder}`))) {
    if (!outputs.has(file.replace(/\.map$/, ''))) rmSync(root + file)
  }
  const changed = [...outputs].filter(([output, source]) => modified(output) <= modified(source)).map(([, source]) => source)
  await build({ ...options, entryPoints: changed.filter(file => file !== typebox), sourcemap: true, sourcesContent: false, jsx: 'automatic', jsxImportSource: 'preact' })
  // As the product's own build does: 300 files of TypeBox become one.
  if (changed.includes(typebox)) await build({ ...options, entryPoints: [typebox], bundle: true })
  // The pages and the client are looked for beside the code, as in dist/.
  for (const name of ['console', 'client']) {
    mkdirSync(`${root}dist/${name}`, { recursive: true })
    if (lstatSync(`${root}build/${name}`, { throwIfNoEntry: false }) === undefined) symlinkSync(`../dist/${name}`, `${root}build/${name}`)
  }
}

/** The compiled tests. */
export function testFiles () {
  return filesIn(['build/test']).filter(file => file.endsWith('.test.js'))
}

function filesIn (folders) {
  return folders.flatMap(folder => {
    if (statSync(root + folder, { throwIfNoEntry: false }) === undefined) return []
    const entries = readdirSync(root + folder, { recursive: true, withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => `${parentPath}/${name}`.slice(root.length))
  })
}

function modified (file) {
  return statSync(root + file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await compile()
