import { stampOf } from './stamp.js'
import { watchPath } from './watch-path.js'

/** Milliseconds between two looks; a change is taken at the second one that finds it the same. */
const every = 250

/** What each file is now, by its path. To be asked before the file is read: what changes while it is, is then known for a change. */
export async function stampsOf (paths: string[]): Promise<ReadonlyMap<string, string>> {
  return new Map(await Promise.all(paths.map(async path => [path, (await stampOf(path)).key] as const)))
}

/** Calls `onChange` whenever one of the files has changed from its stamp and come to rest. That one goes, or comes, is a change. */
export async function watchFiles (stamps: ReadonlyMap<string, string>, signal: AbortSignal, onChange: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from(stamps, async ([path, known]) => {
    await watchPath({
      path,
      every,
      signal,
      async isNews (key) {
        const news = key !== known
        known = key
        return news
      },
      onRest: onChange
    })
  }))
}
