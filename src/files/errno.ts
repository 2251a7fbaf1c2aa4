/**
 * The code of an error of the operating system, such as ENOENT.
 * @throws the error itself when it has no code, so that a bug of ours is not reported as a fault of the disk
 */
export function errorCode (error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
