import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Lets this process's next `readFile` of a file with such a name fail, as when it has too many files open. */
export function failNextRead (file: RegExp): void {
  const { readFile } = promises
  const put = (own: unknown) => {
    Object.assign(promises, { readFile: own })
    syncBuiltinESMExports()
  }
  put(async (...args: Parameters<typeof readFile>) => {
    if (!file.test(String(args[0]))) return readFile(...args)
    put(readFile)
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  })
}
