/**
 * The code of an error of the operating system, such as ENOENT.
 * @throws the error itself if it has no code, so that a bug in this program is not reported as a disk error
 */
export function errorCode (error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
