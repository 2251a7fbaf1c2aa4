import { stampOf } from './callers/at-rest.js'
import { watchPath } from './callers/watch-path.js'

/** Milliseconds between two looks; a change is taken at the second one that finds it the same. */
const every = 250

/** Calls `onChange` whenever one of the files has changed and come to rest. That one goes, or comes, is a change. */
export async function watchFiles (paths: string[], signal: AbortSignal, onChange: () => Promise<unknown>): Promise<void> {
  await Promise.all(paths.map(async path => {
    let known = (await stampOf(path)).key
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
