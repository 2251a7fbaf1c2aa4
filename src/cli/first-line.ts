import { isUtf8 } from 'node:buffer'
import { Failure } from './failure.js'
import { exitCodes } from './io.js'
import type { Io } from './io.js'

/** Bytes, more than any password or secret has: standard input may be without end. */
const enough = 4096

/**
 * The first line of standard input, without what ends it.
 * @throws Failure when it is not UTF-8
 */
export async function firstLine ({ stdin }: Io): Promise<string> {
  let read = Buffer.alloc(0)
  for await (const chunk of stdin) {
    read = Buffer.concat([read, Buffer.from(chunk)])
    if (read.includes('\n') || read.length > enough) break
  }
  if (!isUtf8(read)) throw new Failure(exitCodes.usage, 'standard input is not UTF-8')
  return read.toString().replace(/\r?\n[^]*/, '')
}
