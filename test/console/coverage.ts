import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import coverage from 'istanbul-lib-coverage'
import type { Page } from 'playwright-core'
import v8ToIstanbul from 'v8-to-istanbul'

const isPackage = (path: string) => path.includes('/node_modules/')

/**
 * What of the page's sources Chromium has run. tap counts what Node runs, and the components need a document: so they are
 * counted where they run, by the source maps of the very files that are shipped.
 */
export class Coverage {
  readonly #folder: string
  readonly #map = coverage.createCoverageMap()

  constructor (folder: string) {
    this.#folder = folder
  }

  start (page: Page): Promise<void> {
    return page.coverage.startJSCoverage({ resetOnNavigation: false })
  }

  async stop (page: Page): Promise<void> {
    for (const { url, source, functions } of await page.coverage.stopJSCoverage()) {
      const name = new URL(url).pathname.split('/').at(-1)!
      const map = JSON.parse(readFileSync(join(this.#folder, `${name}.map`), 'utf8'))
      const converter = v8ToIstanbul(join(this.#folder, name), 0, { source: source!, sourceMap: { sourcemap: map } }, isPackage)
      await converter.load()
      converter.applyCoverage(functions)
      this.#map.merge(converter.toIstanbul())
      converter.destroy()
    }
  }

  /** Lines of these sources that were not run; all, where the file never came. */
  missing (sources: string[]): string[] {
    const files = new Map(this.#map.files().map(file => [basename(file), this.#map.fileCoverageFor(file)]))
    return sources.flatMap(source => (files.get(source)?.getUncoveredLines() ?? ['all']).map(line => `${source}:${line}`))
  }
}
