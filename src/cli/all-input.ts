import { isUtf8 } from 'node:buffer'
import { Failure } from './failure.js'
import { exitCodes, type Io } from './io.js'

/** Bytes: far above the longest token, since standard input may be without end. */
const enough = 65_536

/**
 * Standard input to its end.
 * @throws Failure when it is not UTF-8, or longer than 64 KiB
 */
export async function allInput ({ stdin }: Io): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    length += bytes.length
    if (length > enough) throw new Failure(exitCodes.usage, `standard input is longer than ${enough} bytes; give the token alone`)
  }
  const read = Buffer.concat(chunks)
  if (!isUtf8(read)) throw new Failure(exitCodes.usage, 'standard input is not UTF-8')
  return read.toString()
}
