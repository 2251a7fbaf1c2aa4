import { constants, open as openFd } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { promisify } from 'node:util'

export interface FileContent {
  bytes: Buffer
  mode: number
}

/** Milliseconds that a pipe may take to its end. */
const maxPipeMs = 1000

/** Otherwise opening a pipe waits until somebody writes to it. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * Reads a file, following links, with the mode that it has when it is read.
 * @returns undefined for what is no file
 * @throws an error of the operating system
 */
export async function readWithMode (path: string): Promise<FileContent | undefined> {
  const handle = await open(path, flags)
  try {
    const stats = await handle.stat()
    return stats.isFile() ? { bytes: await handle.readFile(), mode: stats.mode } : undefined
  } finally {
    await handle.close()
  }
}

/**
 * The same, also of a pipe, as a shell makes one of `<(pass show key)`.
 * @throws also for a pipe that has no end within a second
 */
export async function readFileOrPipe (path: string): Promise<FileContent | undefined> {
  const stats = await stat(path)
  if (!stats.isFIFO()) return readWithMode(path)
  // A socket waits for what comes without holding a thread.
  const socket = new Socket({ fd: await promisify(openFd)(path, flags), readable: true })
  const chunks: Buffer[] = await addAbortSignal(AbortSignal.timeout(maxPipeMs), socket).toArray()
  return { bytes: Buffer.concat(chunks), mode: stats.mode }
}
