import type { Test } from 'tap'
import { selfSigned } from '../fakes/twilio/certificate.js'
import { startTwilio } from '../fakes/twilio/index.js'
import { blackHole } from '../helpers/black-hole.js'
import { cheapHash, secrets, startBroker, type AuditLine } from '../helpers/broker.js'
import { launchChromium } from './chromium.js'
import { sharedClock } from './clock.js'
import { openLaptop } from './laptop.js'
import { servePages } from './pages.js'

/** Milliseconds that each token lives. */
export const life = 300_000

/** Where the broker is in the documentation. */
const host = 'tokens.example.com'
const password = 'secret123'

/**
 * All that a user's pages have to do with: the server of the pages, a broker with TLS, the network before it, Twilio, and the browser.
 * They stop with the test. Until then broker, Twilio and pages share one clock, on which time goes by as told.
 */
export async function setUserStage (t: Test, users: string[]) {
  const clock = sharedClock(t)
  const pages = await servePages(() => broker.url)
  t.teardown(() => pages.close())
  const broker = await startBroker({
    settings: { CORS_ORIGINS: pages.origin, TOKEN_TTL: String(life / 1000), TLS_CERT_FILE: 'tls.pem', TLS_KEY_FILE: 'tls.pem' },
    files: { 'tls.pem': selfSigned(host) },
    users: Object.fromEntries(users.map((name) => [name, password]))
  })
  t.teardown(() => broker.close())
  const network = await blackHole({ host: '127.0.0.1', port: Number(new URL(broker.url).port) })
  t.teardown(() => network.close())
  const twilio = await startTwilio({
    ...secrets,
    services: { sync: ['default'], conversations: [secrets.conversationsServiceSid], chat: [secrets.chatServiceSid] }
  })
  t.teardown(() => twilio.close())
  const browser = await launchChromium({ '*.twilio.com': twilio.port, [host]: network.port })
  t.teardown(() => browser.close())

  return {
    broker,
    /** Between the pages and the broker. */
    network,
    twilio,
    pages,
    /** What the broker has written down of a user. */
    async audit (name: string): Promise<AuditLine[]> {
      return (await broker.audit()).filter(({ caller }) => caller === name)
    },
    /** Takes a user out of the users file. */
    async remove (name: string) {
      const others = await Promise.all(users.filter((other) => other !== name).map(async (other) => `${other}:${await cheapHash(password)}\n`))
      await broker.write('users.htpasswd', others.join(''))
      await broker.reload()
    },
    /** A browser with an empty profile, and a user in front of it. */
    laptop: (t: Test, username: string) => openLaptop(t, { browser, clock, twilio, origin: pages.origin, tokens: `https://${host}/token`, user: { username, password } })
  }
}
