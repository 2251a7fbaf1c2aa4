import { gzipSync } from 'node:zlib'
import t from 'tap'
import { bundleClient } from '../browser/bundle.js'

t.test('the module has at most 4096 bytes, minified and compressed, and imports nothing', async t => {
  const module = await bundleClient()
  const { length } = gzipSync(module, { level: 9 })
  t.comment(`${length} bytes`)
  t.ok(length <= 4096, `${length} bytes`)
  t.notMatch(module, /\bimport\b/)
})
