import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '../../files/errno.js'
import { exitCodes, Failure } from '../io.js'

/** Says which file it was that could not be used. */
export async function usable<T> (file: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => { throw unusable(file, errorCode(error)) })
}

/**
 * Whether a file can be written, found out before anybody types a secret.
 * @param path absolute
 * @returns whether it is there already
 * @throws Failure
 */
export async function writable (file: string, path: string): Promise<boolean> {
  const stats = await stat(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw unusable(file, errorCode(error))
    return undefined
  })
  if (stats?.isDirectory()) throw unusable(file, 'EISDIR')
  await usable(file, access(dirname(path), constants.W_OK))
  return stats !== undefined
}

function unusable (file: string, code: string): Failure {
  return new Failure(exitCodes.settings, `${file} cannot be used (${code}): look at its owner and mode, and at those of its directory`)
}
