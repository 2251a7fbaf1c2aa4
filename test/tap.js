// tap without loaders of modules: the tests are compiled and replace no modules, and in each process of a test a TypeScript compiler
// takes longer to load than most tests take. node test/tap.js ARGUMENTS OF TAP
import { register } from 'node:module'

const coverage = new URL(process.argv.includes('--disable-coverage') ? 'coverage.js?off' : 'coverage.js', import.meta.url).href

/** Files of tap, with what is changed there. */
const changes = {
  // With which loaders a test is run.
  '/@tapjs/run/dist/esm/test-argv.js': [
    ['useImport ? importLoaders : []', '[]'],
    ["resolveImportSync('@tapjs/processinfo/import', import.meta.url)", JSON.stringify(coverage)]
  ],
  // What tap adds to NODE_OPTIONS where it is not among them.
  '/@tapjs/processinfo/dist/esm/loader-paths.js': [["getImportMetaURL('../esm/import.mjs')", JSON.stringify(coverage)]]
}

const hooks = `
const changes = new Map(${JSON.stringify(Object.entries(changes))})
export async function load (url, context, next) {
  const loaded = await next(url, context)
  const path = [...changes.keys()].find(path => url.endsWith(path))
  if (path === undefined) return loaded
  let source = String(loaded.source)
  for (const [from, to] of changes.get(path)) {
    if (!source.includes(from)) throw new Error('test/tap.js: ' + path + ' no longer has ' + from)
    source = source.replace(from, to)
  }
  return { ...loaded, source }
}`

register(`data:text/javascript,${encodeURIComponent(hooks)}`)
await import('../node_modules/tap/dist/esm/run.mjs')
