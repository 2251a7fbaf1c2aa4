import type { Test } from 'tap'
import { startTwilio } from '../fakes/twilio/index.js'
import { secrets, startBroker } from '../helpers/broker.js'
import { launchChromium } from './chromium.js'
import { openPage } from './page.js'
import { servePages } from './pages.js'

/**
 * All that a page of an application has to do with, each on a port of its own: the server of the page, a broker that knows its origin,
 * Twilio, and the browser. They stop with the test.
 */
export async function setStage (t: Test) {
  const pages = await servePages()
  t.teardown(() => pages.close())

  const start = async (settings: Record<string, string> = {}) => {
    const broker = await startBroker({ settings: { CORS_ORIGINS: pages.origin, ...settings } })
    t.teardown(() => broker.close())
    return broker
  }

  const twilio = await startTwilio({
    ...secrets,
    services: {
      sync: ['default'],
      conversations: [secrets.conversationsServiceSid],
      // Two services of one account, so that Chat can share the one of Conversations.
      chat: [secrets.chatServiceSid, secrets.conversationsServiceSid]
    }
  })
  t.teardown(() => twilio.close())

  const browser = await launchChromium({ '*.twilio.com': twilio.port })
  t.teardown(() => browser.close())

  return {
    broker: await start(),
    /** Another broker of the same account. */
    start,
    twilio,
    strangeOrigin: pages.strangeOrigin,
    /** Opens the page in a browser context of its own. */
    async visit (t: Test, origin = pages.origin) {
      const context = await browser.newContext()
      t.teardown(() => context.close())
      return openPage(context, origin)
    }
  }
}
