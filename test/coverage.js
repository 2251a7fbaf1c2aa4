// Notes which lines of the sources a process runs, where tap's report looks for it: node --import=./test/coverage.js FILE
// tap's own way needs a thread of loaders in each process, and reads the source map of every module: that took longer than most tests.
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

const output = new URL('../.tap/coverage/', import.meta.url)
const counted = ['src', 'plugins'].map(folder => new URL(`../build/${folder}/`, import.meta.url).href)
/** A package, bundled. */
const notOurs = new URL('../build/src/lib/typebox.js', import.meta.url).href

// As ./coverage.js?off, it notes nothing.
if (new URL(import.meta.url).search !== '?off') record()

function record () {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const { emit } = process
  // Not a listener: what the other listeners of "exit" run counts, too.
  process.emit = function (event, ...args) {
    const heard = emit.call(this, event, ...args)
    if (event === 'exit') session.post('Profiler.takePreciseCoverage', save)
    return heard
  }
}

function save (error, coverage) {
  if (error) throw error
  const result = coverage.result.filter(({ url }) => url !== notOurs && counted.some(folder => url.startsWith(folder)))
  mkdirSync(output, { recursive: true })
  writeFileSync(new URL(`${randomUUID()}.json`, output), JSON.stringify({ result }))
}
