/**
 * The code of an error of the operating system, such as ENOENT.
 * @throws the error itself when it is none: a fault of ours must not pass for one of the disk
 */
export function errorCode (error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
