import { errorCode } from '../files/errno.js'
import { LockError } from '../files/lock.js'
import { exitCodes, Failure } from './io.js'

/**
 * Waits for work on a file.
 * @param file as the operator named it
 * @throws Failure that names the file, for a lock that is not released and for an error of the operating system
 */
export async function orFailure<T> (file: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof LockError ? new Failure(exitCodes.settings, error.message) : unusable(file, errorCode(error))
  }
}

/** @param code such as EACCES */
export function unusable (file: string, code: string): Failure {
  return new Failure(exitCodes.settings, `${file} cannot be used (${code}): check its owner and mode, those of its directory, and the free space on the disk`)
}
