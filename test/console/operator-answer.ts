import type { Page } from 'playwright-core'
import type { OperatorData } from '../../src/monitoring/operator-data.js'

export const tenProducts = ['video', 'voice', 'sync', 'conversations', 'chat', 'fax', 'taskrouter', 'live', 'flex', 'verify']

/** As the broker, without names of which there was none. */
const names = (value: (i: number) => number) => Object.fromEntries(tenProducts.map((name, i) => [name, value(i)] as const).filter(([, count]) => count > 0))

function slot (ago: number, size: number) {
  const wave = (i: number) => Math.round(size * (10 + i * 3) * (1.2 + Math.sin((ago + i * 7) / (4 + i))))
  return {
    ago,
    tokens: names(wave),
    refusals: { ...names(i => i % 4 === 0 ? Math.round(wave(i) / 20) : 0), none: 1 + ago % 5 },
    codes: { 'not-allowed': 3 + ago % 4, 'credentials-wrong': ago % 7, 'product-unknown': ago % 5 },
    logins: ago % 6 === 3 ? { count: 0, meanMs: 0, slowestMs: 0 } : { count: 4, meanMs: 60 + 20 * Math.sin(ago), slowestMs: 180 + 90 * Math.sin(ago / 3) }
  }
}

/** A day of ten products. The current minute and quarter have only begun. */
export function busyDay (answer: OperatorData): OperatorData {
  const running = (part: ReturnType<typeof slot>) => ({ ...part, tokens: names(i => i), refusals: {} })
  const slots = (count: number, size: number) => Array.from({ length: count }, (_, ago) => ago === 0 ? running(slot(ago, size)) : slot(ago, size))
  const seconds = Date.parse(answer.at) / 1000
  return {
    ...answer,
    node: { ...answer.node, host: 'tokens-7f9c6d', since: new Date(Date.parse(answer.at) - 30 * 3_600_000).toISOString() },
    products: tenProducts,
    minutes: slots(60, 1),
    quarters: slots(96, 15),
    elapsed: { minute: seconds % 60, quarter: seconds % 900 }
  }
}

/** A broker of which much is wrong. */
export function illDay (answer: OperatorData): OperatorData {
  const busy = busyDay(answer)
  return {
    ...busy,
    readiness: { missing: ['store', 'audit'], degraded: [] },
    gauges: { ...busy.gauges, store_up: 0, audit_up: 0, audit_owed: 12, limits_shared: 0, hashes_waiting: 40 },
    locked: { names: 2, locks: [{ caller: 'susan', address: '192.0.2.7', until: busy.at }, { caller: `hmac:${'0123abcd'.repeat(8)}`, until: busy.at }] },
    reloads: { users: { taken: false, at: busy.at } }
  }
}

/**
 * Answers the page in the broker's place: nothing of a real one may be down for so many states. The broker's time stands still, so that
 * no slot ends within a test.
 * @param change makes the answer from one that the broker gave
 */
export async function answerWith (page: Page, given: OperatorData, change: (answer: OperatorData) => OperatorData): Promise<void> {
  await page.route('**/operator.json*', async route => {
    // The page may be closed by now.
    await route.fulfill({ json: change(given) }).catch(() => {})
  })
}
