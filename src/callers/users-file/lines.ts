import { isUtf8 } from 'node:buffer'

/** A line of a users file, with its offsets, so that an edit leaves all other bytes as they are. */
export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** Offset of the first byte, after a byte order mark. */
  readonly start: number
  /** Offset after the text, before CR LF or LF. */
  readonly end: number
  /** Offset of the next line. */
  readonly next: number
  /** Undefined when the bytes are not UTF-8. Decoded line by line, because a slice of the whole text would keep all of it in memory. */
  readonly text: string | undefined
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = Buffer.from('\ufeff')

export function * splitLines (file: Buffer): Generator<Line> {
  const allUtf8 = isUtf8(file)
  let start = file.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  for (let number = 1; start < file.length; number++) {
    const lineFeed = file.indexOf(LINE_FEED, start)
    const stop = lineFeed === -1 ? file.length : lineFeed
    const end = file[stop - 1] === CARRIAGE_RETURN && stop > start ? stop - 1 : stop
    const next = lineFeed === -1 ? file.length : lineFeed + 1
    yield { number, start, end, next, text: allUtf8 || isUtf8(file.subarray(start, end)) ? file.toString('utf8', start, end) : undefined }
    start = next
  }
}

/** Splits a line into name and hash, unchecked; the hash is undefined without a colon. Returns undefined for a blank line or a comment. */
export function parseLine (text: string): { name: string, hash: string | undefined } | undefined {
  if (text.startsWith('#') || text.trim() === '') return undefined
  const colon = text.indexOf(':')
  return colon === -1 ? { name: text, hash: undefined } : { name: text.slice(0, colon), hash: text.slice(colon + 1) }
}
