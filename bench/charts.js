// The operators' charts in Chromium, with 24 hours of ten products, while the pointer moves over them and new figures arrive: what
// a frame costs the page's main thread, by its CPU time, which other processes do not change, and how long frames were apart.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { allOn, furnish } from './tokens/folder.js'
import { broker, start } from './tokens/servers.js'

const MOVES = 600
const products = ['video', 'voice', 'sync', 'conversations', 'chat', 'fax', 'taskrouter', 'live', 'flex', 'verify']

const folder = await mkdtemp(join(tmpdir(), 'bench-charts-'))
await furnish(folder)
const server = await start(broker, folder, { ...allOn, OPERATORS: 'susan' })
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })

/** Other figures and other lines of the audit for each answer, so that all of them are drawn anew. */
let answers = 0
let line
const counts = (ago, size) => Object.fromEntries(products.map((name, i) => [name, Math.round(size * (10 + i) * (2 + Math.sin((ago + answers + i * 7) / (4 + i))))]))
const slot = (ago, size) => ({
  ago, tokens: counts(ago, size), refusals: counts(ago, size / 10), codes: { 'not-allowed': size }, logins: { count: 9, meanMs: 50 + ago % 9, slowestMs: 200 + ago % 90 }
})
await page.route('**/operator.json*', async route => {
  const response = await route.fetch()
  const answer = await response.json()
  answers++
  line ??= answer.events[0]
  await route.fulfill({
    response,
    json: {
      ...answer,
      node: { ...answer.node, since: new Date(0).toISOString() },
      products,
      minutes: Array.from({ length: 60 }, (_, ago) => slot(ago, 1)),
      quarters: Array.from({ length: 96 }, (_, ago) => slot(ago, 15)),
      events: Array.from({ length: 200 }, (_, i) => ({ ...line, n: answers * 200 + i, requestId: `${answers}-${i}` }))
    }
  })
})
await page.goto(`http://127.0.0.1:${server.port}/#/operator`)
await page.getByLabel('Name', { exact: true }).fill('susan')
await page.getByLabel('Password', { exact: true }).fill('secret123')
await page.getByRole('button', { name: 'Sign in' }).click()
await page.getByText('24 hours', { exact: true }).click()
await page.getByRole('figure', { name: 'Tokens in 15 minutes' }).waitFor()

const session = await page.context().newCDPSession(page)
await session.send('Performance.enable', { timeDomain: 'threadTicks' })
const busy = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value * 1000
await page.evaluate(() => {
  globalThis.frames = []
  let before = performance.now()
  const frame = now => {
    globalThis.frames.push(now - before)
    before = now
    globalThis.requestAnimationFrame(frame)
  }
  globalThis.requestAnimationFrame(frame)
})
const box = await page.getByRole('slider').first().boundingBox()
const costs = []
for (let i = 0; i < MOVES; i++) {
  const before = await busy()
  await page.mouse.move(box.x + 60 + (i * 7) % (box.width - 80), box.y + 60 + i % 60)
  // Two frames: the second one ends after what the move has changed is drawn.
  await page.evaluate(() => new Promise(resolve => {
    globalThis.requestAnimationFrame(() => globalThis.requestAnimationFrame(resolve))
  }))
  costs.push(await busy() - before)
}
const apart = await page.evaluate(() => globalThis.frames)
await browser.close()
await server.stop()
await rm(folder, { recursive: true })

const sorted = costs.sort((a, b) => a - b)
const part = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)
console.log(`${MOVES} moves of the pointer, ${answers} answers with other figures`)
console.log(`CPU of the main thread for a move and the two frames after it, ms   median ${part(0.5)}, 99 % ${part(0.99)}, highest ${part(1)} (aim: no frame above 32)`)
const gaps = apart.toSorted((a, b) => a - b)
console.log(`frames apart, ms (the machine's load included)                      median ${gaps[gaps.length >> 1].toFixed(1)}, highest ${gaps.at(-1).toFixed(1)}, above 32: ${gaps.filter(ms => ms > 32).length} of ${gaps.length}`)
