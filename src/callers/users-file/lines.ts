import { isUtf8 } from 'node:buffer'

/** One line of a users file, with its place in the file, so that an editor can leave all others as they are. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Offset of the first byte; behind a byte order mark. */
  readonly start: number
  /** Offset behind the last byte of the text, before CR LF or LF. */
  readonly end: number
  /** Offset of the next line. */
  readonly next: number
  /** Undefined when the bytes are not UTF-8. A string of its own: a slice of the file's text would keep all of it in memory. */
  readonly text: string | undefined
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const byteOrderMark = Buffer.from('\ufeff')

export function * linesOf (file: Buffer): Generator<Line> {
  const allUtf8 = isUtf8(file)
  let start = file.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0
  for (let number = 1; start < file.length; number++) {
    const feed = file.indexOf(lineFeed, start)
    const stop = feed === -1 ? file.length : feed
    const end = file[stop - 1] === carriageReturn && stop > start ? stop - 1 : stop
    const next = feed === -1 ? file.length : feed + 1
    yield { number, start, end, next, text: allUtf8 || isUtf8(file.subarray(start, end)) ? file.toString('utf8', start, end) : undefined }
    start = next
  }
}

/** What a line says: name and hash as they stand there, the hash undefined without a colon; undefined for a blank line or a comment. */
export function entryOf (text: string): { name: string, hash: string | undefined } | undefined {
  if (text.startsWith('#') || text.trim() === '') return undefined
  const colon = text.indexOf(':')
  return colon === -1 ? { name: text, hash: undefined } : { name: text.slice(0, colon), hash: text.slice(colon + 1) }
}
