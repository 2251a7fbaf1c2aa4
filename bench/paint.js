// The console in Chromium: how long until something is painted, and until one can sign in; what is loaded for it. Each load
// in a browser context of its own, so nothing is cached. Medians of eleven.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { allOn, furnish } from './tokens/folder.js'
import { broker, start } from './tokens/servers.js'

const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const folder = await mkdtemp(join(tmpdir(), 'bench-paint-'))
await furnish(folder)
const server = await start(broker, folder, allOn)
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })

const painted = []
const usable = []
let bytes = 0
for (let round = 0; round < 11; round++) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${server.port}/`)
  await page.getByLabel('Password').waitFor()
  const [paint, ready, loaded] = await page.evaluate(() => [
    performance.getEntriesByName('first-contentful-paint')[0].startTime,
    performance.now(),
    performance.getEntries().reduce((sum, { encodedBodySize = 0 }) => sum + encodedBodySize, 0)
  ])
  painted.push(paint)
  usable.push(ready)
  bytes = loaded
  await context.close()
}
await browser.close()
await server.stop()
await rm(folder, { recursive: true })
console.log(`first paint, ms          ${painted.map(ms => ms.toFixed(0)).join(' ')}   median ${median(painted).toFixed(0)} (aim: at most 200)`)
console.log(`sign-in is there, ms     ${usable.map(ms => ms.toFixed(0)).join(' ')}   median ${median(usable).toFixed(0)}`)
console.log(`first load, bytes        ${bytes} (aim: at most 30 000)`)
