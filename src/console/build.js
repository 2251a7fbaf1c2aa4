// Builds the pages into dist/console: bundled, named by their content, and compressed by Brotli alone. For clients that do not take
// that form the broker unpacks it: every further copy would be a tenth of the package.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'esbuild'

const here = new URL('.', import.meta.url).pathname
const folder = new URL('../../dist/console', import.meta.url).pathname

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })

const { metafile, outputFiles } = await build({
  entryPoints: ['main.tsx', 'style.css', 'icon.svg'].map(name => join(here, name)),
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  tsconfig: join(here, 'tsconfig.json'),
  loader: { '.svg': 'copy' },
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  legalComments: 'none',
  // For the tests, which read Chromium's coverage by them; the package leaves them out.
  sourcemap: 'external',
  outdir: folder,
  metafile: true,
  write: false,
  logLevel: 'warning'
})

/** `main.tsx` → `main-ABC.js` */
const built = Object.fromEntries(Object.entries(metafile.outputs)
  .flatMap(([path, { entryPoint }]) => entryPoint === undefined ? [] : [[basename(entryPoint), basename(path)]]))

const files = outputFiles.map(({ path, contents }) => [basename(path), contents])
const html = await readFile(join(here, 'index.html'), 'utf8')
files.push(['index.html', Buffer.from(html.replaceAll(/\{\{([\w.]+)\}\}/g, (_, source) => `console/${built[source]}`))])

// The licences of what is bundled ask to go with it.
const packages = new Set(Object.keys(metafile.inputs).flatMap(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))
const licences = await Promise.all([...packages].map(async name => {
  const own = new URL(`../../node_modules/${name}/`, import.meta.url)
  const licence = (await readdir(own)).find(file => /^licen[cs]e(\.\w+)?$/i.test(file))
  return `${name}\n\n${await readFile(new URL(licence, own), 'utf8')}`
}))
files.push(['licences.txt', Buffer.from(licences.join('\n\n'))])

for (const [name, contents] of files) {
  if (extname(name) === '.map') {
    await writeFile(join(folder, name), contents)
    continue
  }
  await writeFile(join(folder, `${name}.br`), brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } }))
}
