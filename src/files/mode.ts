const everyoneReads = 0o004
const everyoneWrites = 0o002

/** How a message speaks of a file. */
export interface Named {
  /** As the operator named it. */
  file: string
  /** The setting that names it, where that is not plain from the file. */
  setting?: string
  /** What chmod is to change. */
  change?: string
}

/**
 * What is wrong with the mode of a file that says what the broker does: whoever may write it decides in the operator's place.
 * @returns undefined where nothing is
 */
export function writableByEveryone (mode: number, { file, setting, change = 'o-w' }: Named): string | undefined {
  return mode & everyoneWrites ? `everyone may write ${file}${namedBy(setting)}; ${chmod(change, file)}` : undefined
}

/** The same of a file that holds secrets, which everyone may read. */
export function readableByEveryone (mode: number, { file, setting, change = 'o=' }: Named): string | undefined {
  return mode & everyoneReads ? `everyone may read ${file}${namedBy(setting)}; ${chmod(change, file)}` : undefined
}

function namedBy (setting: string | undefined): string {
  return setting === undefined ? '' : `, which ${setting} names`
}

/** The command that mends a mode, as it works pasted into a shell. */
export function chmod (change: string, file: string): string {
  const path = file.startsWith('-') ? `./${file}` : file
  return `run: chmod ${change} ${/^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll('\'', '\'\\\'\'')}'`}`
}
