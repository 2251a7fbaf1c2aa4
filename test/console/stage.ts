import { readdirSync } from 'node:fs'
import type { Test } from 'tap'
import { launchChromium } from '../browser/chromium.js'
import { startBroker } from '../helpers/broker.js'
import { built } from './built.js'
import { Coverage } from './coverage.js'
import { visitor } from './visit.js'

export const users = { susan: 'secret123', olga: 'secret123', maria: 'secret123' }
export const policy = [
  'rules:',
  '  - who: [susan, olga]',
  '    allow: { video: { rooms: ["My Room", "support-*"] }, voice: {}, sync: {} }',
  '  - who: [maria]',
  '    allow: {}'
].join('\n')
const settings = { OPERATORS: 'olga', POLICY_FILE: 'policy.yaml' }

/** The components, by the file of tests that runs every line of them. */
const components = {
  app: ['app.tsx', 'main.tsx', 'password-field.tsx', 'sign-in.tsx', 'use-lock.ts', 'use-session.ts'],
  'get-token': ['copy.tsx', 'get-token.tsx', 'next.tsx', 'parts.tsx', 'problem.tsx', 'product-fields.tsx', 'token-card.tsx', 'token-form.tsx', 'use-kept.ts', 'use-token-form.ts', 'use-now.ts', 'use-shown-below.ts'],
  explain: ['codes.tsx', 'explain.tsx', 'twilio-page.tsx'],
  operator: ['chart.tsx', 'draw-marks.ts', 'events.tsx', 'operator-cards.tsx', 'operator.tsx', 'use-media.ts', 'use-next-frame.ts', 'use-operator-data.ts', 'use-plot.ts'],
  docs: ['docs.tsx', 'operation.tsx', 'properties.tsx', 'send-it.tsx', 'tabs.tsx']
}

/**
 * A broker, and the browser that opens its console. They stop with the test.
 * @param counted whether to note which lines run. It slows all that runs in the page, and axe most.
 */
export async function setStage (t: Test, { counted = true } = {}) {
  const folder = built()
  const coverage = counted ? new Coverage(folder) : undefined
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const wrong: string[] = []
  const broker = await startBroker({ users, settings, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)
  return {
    broker,
    visit: visitor(browser, coverage, wrong),
    /** Looks back, once all tests of a file have ended. */
    allWasWell (file?: keyof typeof components) {
      t.strictSame(wrong, [], 'no error, no dialog, nothing that the CSP stopped, no other host')
      if (file === undefined) return
      // Node runs the other modules, so tap counts them.
      const all = readdirSync('src/console').filter(name => /\.tsx$|^(use|draw)-/.test(name))
      t.strictSame(Object.values(components).flat().sort(), all.sort(), 'every component has its tests')
      t.strictSame(coverage?.missing(components[file]), [], 'every line of the components has run')
    }
  }
}
