import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../helpers/root.js'

/** Where the build puts the pages. */
export const folder = join(root, 'dist/console')

/** The pages as they are shipped; built unless `npm test` has. */
export function built (): string {
  const changed = (file: string) => statSync(file).mtimeMs
  const page = join(folder, 'index.html')
  const sources = ['console', 'diagnose/token'].flatMap(name => readdirSync(join(root, 'src', name)).map(file => join(root, 'src', name, file)))
  if (!existsSync(page) || sources.some(file => changed(file) > changed(page))) {
    // Without tap's hooks.
    execFileSync(process.execPath, ['src/console/build.js'], { cwd: root, env: { ...process.env, NODE_OPTIONS: '' } })
  }
  return folder
}
