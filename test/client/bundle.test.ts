import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { bundleClient } from '../browser/bundle.js'

t.test('the module has at most 4 KiB, minified and compressed, and imports nothing', async t => {
  const module = await bundleClient()
  t.ok(gzipSync(module).length <= 4096, `${gzipSync(module).length} bytes`)
  t.notMatch(module, /\bimport\b/)
})

t.test('what the tests load is what the package ships', async t => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))
  const [, args] = /esbuild (.+) --outfile=dist\/client\/index\.js$/.exec(scripts['build:client'])!
  const { stdout } = await promisify(execFile)('node_modules/.bin/esbuild', args!.split(' '))
  t.equal(await bundleClient(), stdout)
})
