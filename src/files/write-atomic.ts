import { randomUUID } from 'node:crypto'
import { open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errorCode } from './errno.js'

/** Rights of anyone but the owner, save for the group's right to read. */
const loose = 0o037

/**
 * Puts a file in place of another, whole or not at all, also when the disk is full or the power fails.
 * The new file keeps owner and group, and has mode 0600, unless the old one's is as strict or lets only its group read.
 * @param path no link; see `targetOf`
 * @throws an error of the operating system; the old file is then as it was
 */
export async function writeWhole (path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      // FileHandle's writeFile goes on after a short write, which a full disk answers first; a single write() would pass for done.
      await handle.writeFile(bytes)
      await keepRights(path, handle)
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

/** Where a path leads in the end, whether or not a file is there yet: a rename would replace a link, not the file behind it. */
export async function targetOf (path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    const link = await readlink(path).catch(() => undefined)
    return link === undefined ? path : await targetOf(resolve(dirname(path), link))
  }
}

async function keepRights (path: string, handle: FileHandle): Promise<void> {
  const old = await stat(path).catch(() => undefined)
  if (old === undefined) return
  await handle.chown(old.uid, old.gid)
  const mode = old.mode & 0o777
  if (!(mode & loose)) await handle.chmod(mode)
}

/** Until then the rename itself may be lost with the power. */
async function syncDirectory (path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
