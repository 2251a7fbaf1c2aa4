/** The JSON lines of a file or a stream that may be growing: a last line without its end is still being written. */
export const jsonLines = <T>(text: string) => text.split('\n').slice(0, -1).filter(Boolean).map(line => JSON.parse(line) as T)
