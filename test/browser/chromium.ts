import { accessSync, constants } from 'node:fs'
import { chromium } from 'playwright-core'

/** Debian's package. CHROMIUM names another. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

const sentence = 'Chromium is not installed: apt-get install chromium'

/** `false`, or why a test that needs a browser is skipped: for its `skip` option. Under CI nothing may be skipped, so it throws. */
export function chromiumMissing (): string | false {
  try {
    accessSync(executablePath, constants.X_OK)
    return false
  } catch {
    if (process.env.CI) throw new Error(sentence)
    return sentence
  }
}

/**
 * Launches a headless Chromium with an empty profile of its own, which goes away with it.
 * It reaches this machine by number, `localhost`, and the names that `hosts` maps to a port of this machine; no other network.
 */
export function launchChromium (hosts: Record<string, number> = {}) {
  const rules = [
    ...Object.entries(hosts).map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`),
    'MAP * ~NOTFOUND',
    'EXCLUDE 127.0.0.1',
    'EXCLUDE localhost'
  ]
  return chromium.launch({
    executablePath,
    args: [
      '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--no-first-run', '--no-sandbox',
      '--ignore-certificate-errors', // of the servers behind `hosts`
      `--host-resolver-rules=${rules.join(', ')}`
    ]
  })
}
