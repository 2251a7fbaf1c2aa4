import { constants, open as openFd } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { promisify } from 'node:util'

export interface FileContent {
  bytes: Buffer
  mode: number
}

/** A pipe must end within this time. */
const MAX_PIPE_MS = 1000

/** O_NONBLOCK: otherwise opening a pipe would block until another process writes to it. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * Reads a file and its mode, following links.
 * @returns undefined for anything but a regular file
 * @throws an error of the operating system
 */
export async function readWithMode (path: string): Promise<FileContent | undefined> {
  const handle = await open(path, OPEN_FLAGS)
  try {
    const stats = await handle.stat()
    return stats.isFile() ? { bytes: await handle.readFile(), mode: stats.mode } : undefined
  } finally {
    await handle.close()
  }
}

/**
 * Reads a file or a pipe, such as a shell makes of `<(pass show key)`.
 * @returns undefined for anything else
 * @throws an error of the operating system; also for a pipe that does not end within a second
 */
export async function readFileOrPipe (path: string): Promise<FileContent | undefined> {
  const stats = await stat(path)
  if (!stats.isFIFO()) return readWithMode(path)
  // A socket waits for data without blocking a thread.
  const socket = new Socket({ fd: await promisify(openFd)(path, OPEN_FLAGS), readable: true })
  const chunks: Buffer[] = await addAbortSignal(AbortSignal.timeout(MAX_PIPE_MS), socket).toArray()
  return { bytes: Buffer.concat(chunks), mode: stats.mode }
}
