import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { root } from '../helpers/root.js'

/** Where the build puts the pages. */
export const folder = join(root, 'dist/console')

/** The pages as they are shipped; built unless `npm test` has. */
export function built (): string {
  const changed = (file: string) => statSync(file).mtimeMs
  const page = join(folder, 'index.html.br')
  const sources = ['console', 'client', 'diagnose/token'].flatMap(name => readdirSync(join(root, 'src', name)).map(file => join(root, 'src', name, file)))
  if (!existsSync(page) || sources.some(file => changed(file) > changed(page))) {
    execFileSync(process.execPath, ['src/console/build.js'], { cwd: root })
  }
  return folder
}

/** The pages' names and what is in them. */
export function builtPages (): Map<string, string> {
  const names = readdirSync(built()).filter(name => name.endsWith('.br'))
  return new Map(names.map(name => [name.slice(0, -'.br'.length), brotliDecompressSync(readFileSync(join(folder, name))).toString()]))
}

/** The path of the largest file: its answers fill buffers soonest. */
export function largestPath (): string {
  const [[name]] = [...builtPages()].sort(([, one], [, other]) => other.length - one.length) as [[string, string]]
  return `/console/${name}`
}
