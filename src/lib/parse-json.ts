/** Fails on invalid bytes: replacing them would turn different texts into the same one. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Parses JSON in UTF-8; undefined for anything else. */
export function parseJson (bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}
