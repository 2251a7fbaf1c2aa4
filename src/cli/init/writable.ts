import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '../../files/errno.js'
import { orFailure, unusable } from '../file-failure.js'

/**
 * Checks that a file can be written, before anybody types a secret.
 * @param file as the operator named it
 * @param path absolute
 * @returns whether the file exists
 * @throws Failure when it cannot be written
 */
export async function checkWritable (file: string, path: string): Promise<boolean> {
  const stats = await stat(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw unusable(file, errorCode(error))
    return undefined
  })
  if (stats?.isDirectory()) throw unusable(file, 'EISDIR')
  await orFailure(file, access(dirname(path), constants.W_OK))
  return stats !== undefined
}
