import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { root } from './root.js'

export interface Manifest {
  dependencies: Record<string, string>
  scripts: Record<string, string>
  bin: Record<string, string>
  [field: string]: unknown
}

export interface Packed {
  tarball: string
  /** Bytes of the tarball. */
  size: number
  files: string[]
}

/** A command for `spawn`, without the NODE_OPTIONS that the tests themselves may be run with. */
export function outside (program: string, ...args: string[]): [string, string[]] {
  return ['sh', ['-c', 'unset NODE_OPTIONS; exec "$@"', 'sh', program, ...args]]
}

/** A folder with no `node_modules` above it, in which nothing could be found that the package does not name. */
export function emptyFolder (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'installed-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Packs what is built, as `npm publish` does: the package itself, or the client's. */
export function pack (folder: string, from: '.' | 'dist/client-package' = '.'): Packed {
  build()
  const text = execFileSync(...outside('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder), { cwd: join(root, from), encoding: 'utf8', stdio: 'pipe' })
  const [{ filename, size, files }] = JSON.parse(text) as [{ filename: string, size: number, files: Array<{ path: string }> }]
  return { tarball: join(folder, filename), size, files: files.map(({ path }) => path) }
}

function build (): void {
  const sources = ['src', 'plugins'].flatMap(folder => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(root, folder, name)))
  const built = ['dist/src/bin.js', 'dist/client/index.js', 'dist/client-package/package.json'].map(file => join(root, file))
  const stale = (file: string) => !existsSync(file) || sources.some(source => source.endsWith('.ts') && statSync(source).mtimeMs > statSync(file).mtimeMs)
  // `npm test` has built it by now.
  if (built.some(stale)) execFileSync(...outside('npm', 'run', 'build'), { cwd: root, stdio: 'ignore' })
}

/** Puts the package into `node_modules` as npm would, beside links to what it depends on, since tests have no network. */
export function install ({ tarball }: Packed, folder: string, alongside: string[] = []): Manifest {
  const modules = join(folder, 'node_modules')
  const own = join(modules, 'twilio-token-broker')
  mkdirSync(own, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', own, '--strip-components=1'])
  const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as Manifest
  for (const name of [...Object.keys(manifest.dependencies), ...alongside]) {
    const link = join(modules, name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link)
  }
  mkdirSync(join(modules, '.bin'))
  for (const [name, file] of Object.entries(manifest.bin)) symlinkSync(join(own, file), join(modules, '.bin', name))
  return manifest
}
