// tap without loaders of modules: the tests are compiled and replace no modules, and in each process of a test a TypeScript compiler
// takes longer to load than most tests take. node test/tap.js ARGUMENTS OF TAP
import { register } from 'node:module'

/** Changes the file of tap that says with which loaders a test is run. Where it reads otherwise one day, tests are as slow as tap makes them. */
const hooks = `
export async function load (url, context, next) {
  const loaded = await next(url, context)
  if (!url.endsWith('/@tapjs/run/dist/esm/test-argv.js')) return loaded
  return { ...loaded, source: String(loaded.source).replace('useImport ? importLoaders : []', '[]') }
}`

register(`data:text/javascript,${encodeURIComponent(hooks)}`)
await import('../node_modules/tap/dist/esm/run.mjs')
