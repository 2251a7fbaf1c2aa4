/** Decoding that replaces wrong bytes would make one text of two different ones. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Parses JSON in UTF-8; undefined if it is not that. */
export function parseJson (bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}
