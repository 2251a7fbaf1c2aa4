import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'

t.test('the module has at most 4 KiB, minified and compressed, and imports nothing', async t => {
  const { outputFiles: [file], metafile } = await build({
    entryPoints: ['src/client/index.ts'], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, metafile: true
  })
  t.ok(gzipSync(file!.contents).length <= 4096, `${gzipSync(file!.contents).length} bytes`)
  t.same(Object.values(metafile.outputs).flatMap(({ imports }) => imports), [])
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))
  t.match(scripts['build:client'], /esbuild src\/client\/index\.ts --bundle --minify --format=esm --target=es2022/, 'built so as it is measured here')
})
