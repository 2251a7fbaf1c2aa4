/** Reads a stream to its end. If it has more than `maxBytes`, destroys it and returns undefined. */
export async function readAtMost (maxBytes: number, stream: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
