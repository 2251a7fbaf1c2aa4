const OTHERS_READ = 0o004
const OTHERS_WRITE = 0o002

/** How a message names a file. */
export interface FileLabel {
  /** As the operator named it. */
  file: string
  /** The setting that names the file, where the file alone does not say. */
  setting?: string
  /** The mode argument of the suggested chmod command. */
  change?: string
}

/**
 * Checks the mode of a file that controls the broker: anyone who may write it can act as the operator.
 * @returns what is wrong; undefined if nothing is
 */
export function writableByEveryone (mode: number, { file, setting, change = 'o-w' }: FileLabel): string | undefined {
  return mode & OTHERS_WRITE ? `everyone may write ${file}${namedBy(setting)}; ${chmod(change, file)}` : undefined
}

/** Checks the mode of a file that holds secrets, in the same way. */
export function readableByEveryone (mode: number, { file, setting, change = 'o=' }: FileLabel): string | undefined {
  return mode & OTHERS_READ ? `everyone may read ${file}${namedBy(setting)}; ${chmod(change, file)}` : undefined
}

function namedBy (setting: string | undefined): string {
  return setting === undefined ? '' : `, which ${setting} names`
}

/** Returns the command that corrects a mode, quoted for a shell. */
export function chmod (change: string, file: string): string {
  const path = file.startsWith('-') ? `./${file}` : file
  return `run: chmod ${change} ${/^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll('\'', '\'\\\'\'')}'`}`
}
