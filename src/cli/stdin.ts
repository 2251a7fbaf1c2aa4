import { isUtf8 } from 'node:buffer'
import { readAtMost } from '../lib/read-at-most.js'
import { exitCodes, Failure, type Io } from './io.js'

/** Far more than the longest token: standard input may be endless. */
const MAX_BYTES = 65_536

/** More than any password or secret has. */
const MAX_LINE_BYTES = 4096

/**
 * Reads standard input to its end.
 * @throws Failure when it is not UTF-8, or longer than 64 KiB
 */
export async function allInput ({ stdin }: Io): Promise<string> {
  // No encoding is set, so the stream yields bytes.
  const bytes = await readAtMost(MAX_BYTES, stdin as AsyncIterable<Uint8Array>)
  if (bytes === undefined) throw new Failure(exitCodes.usage, `standard input is longer than ${MAX_BYTES} bytes; give the token alone`)
  return inUtf8(bytes)
}

/**
 * Reads the first line of standard input, without its line break.
 * @throws Failure when it is not UTF-8
 */
export async function firstLine ({ stdin }: Io): Promise<string> {
  let read = Buffer.alloc(0)
  for await (const chunk of stdin) {
    read = Buffer.concat([read, Buffer.from(chunk)])
    if (read.includes('\n') || read.length > MAX_LINE_BYTES) break
  }
  return inUtf8(read).replace(/\r?\n[^]*/, '')
}

function inUtf8 (bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Failure(exitCodes.usage, 'standard input is not UTF-8')
  return bytes.toString()
}
