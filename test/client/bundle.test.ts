import { gzipSync } from 'node:zlib'
import t from 'tap'
import { bundleClient } from '../browser/bundle.js'

for (const [entry, most] of [['index', 4096], ['tab', 512], ['video', 512]] as const) {
  t.test(`the module ${entry} has at most ${most} bytes, minified and compressed, and imports nothing`, async t => {
    const module = await bundleClient(entry)
    const { length } = gzipSync(module, { level: 9 })
    t.comment(`${length} bytes`)
    t.ok(length <= most, `${length} bytes`)
    t.notMatch(module, /\bimport\b/)
  })
}
