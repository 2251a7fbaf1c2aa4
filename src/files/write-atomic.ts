import { randomUUID } from 'node:crypto'
import { open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errorCode } from './errno.js'

/** Every right of group and others, except the group's right to read. */
const LOOSE_MODE = 0o037

/**
 * Replaces a file in one step, or leaves it as it was, also when the disk is full or the power fails.
 * The new file keeps owner and group. It has mode 0600, unless the old mode is as strict or lets only its group read.
 * @param path not a link; see `resolveLinks`
 * @param models files whose owner and mode the new file takes if there is no old one: the first of them that exists
 * @throws an error of the operating system; the old file is then unchanged
 */
export async function writeAtomic (path: string, bytes: Buffer, models: readonly string[] = []): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      // A full disk first answers with a short write. writeFile goes on after one; a single write() would count as success.
      await handle.writeFile(bytes)
      await keepOwnerAndMode([path, ...models], handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/**
 * Returns the path that all links lead to, even if there is no file yet. A rename would replace the link, not the file that it leads to.
 * @throws an error of the operating system
 */
export async function resolveLinks (path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    const link = await readlink(path).catch(() => undefined)
    return link === undefined ? path : await resolveLinks(resolve(dirname(path), link))
  }
}

async function keepOwnerAndMode (paths: string[], handle: FileHandle): Promise<void> {
  const found = await Promise.all(paths.map(path => stat(path).catch(() => undefined)))
  const old = found.find(stats => stats !== undefined)
  if (old === undefined) return
  await handle.chown(old.uid, old.gid)
  const mode = old.mode & 0o777
  if (!(mode & LOOSE_MODE)) await handle.chmod(mode)
}

/** Without it, a power failure may undo the rename. */
async function syncDirectory (path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
