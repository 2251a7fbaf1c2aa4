import { closeSync, openSync, writeSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { selfSigned } from '../fakes/twilio/certificate.js'
import { startTwilio } from '../fakes/twilio/index.js'
import { cheapHash, secrets } from '../helpers/broker.js'
import { freePort } from '../helpers/free-port.js'
import { ask } from '../helpers/http.js'
import { nginx } from '../helpers/nginx.js'
import { start } from '../helpers/process.js'
import { redisServer } from '../helpers/redis.js'
import { until } from '../helpers/until.js'
import { launchChromium } from './chromium.js'
import { sharedClock, type Clock } from './clock.js'
import { openLaptop } from './laptop.js'
import { servePages } from './pages.js'
import { life } from './user-stage.js'

export const host = 'tokens.example.com'
const password = 'secret123'

/** The clock of this process for other processes, too: they read from a file how far it is ahead. */
function clockOfProcesses (t: Test): { clock: Clock, nodeArgs: string[] } {
  const file = join(t.testdir({}), 'ahead')
  const handle = openSync(file, 'w')
  t.teardown(() => closeSync(handle))
  const clock = sharedClock(t)
  let ahead = 0
  const advance = (by: number) => {
    ahead += by
    clock.advance(by)
    // Of one length, so that nobody reads it half written.
    writeSync(handle, String(ahead).padStart(16, '0'), 0)
  }
  advance(0)
  const preload = `import { readFileSync } from 'node:fs'; const { now } = Date; Date.now = () => now() + Number(readFileSync(${JSON.stringify(file)}, 'utf8'))`
  return { clock: { advance }, nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`] }
}

/** Two brokers in processes of their own with one Redis, behind the nginx of deploy/; Twilio, and a browser. All have one clock, and stop with the test. */
export async function setNodesStage (t: Test, users: string[]) {
  const cwd = t.testdir()
  const { clock, nodeArgs } = clockOfProcesses(t)
  const pages = await servePages()
  t.teardown(() => pages.close())
  const redis = await redisServer()
  t.teardown(redis.close)

  const passwords = new Map(users.map(name => [name, password]))
  const writeUsers = async () => {
    const lines = await Promise.all([...passwords].map(async ([name, password]) => `${name}:${await cheapHash(password)}\n`))
    await writeFile(join(cwd, 'users.htpasswd'), lines.join(''), { mode: 0o600 })
  }
  await writeUsers()

  const startNode = (port: number) => start(t, {
    cwd,
    nodeArgs,
    settings: {
      PORT: String(port),
      AUDIT_LOG: `audit-${port}.log`,
      REDIS_URL: redis.url,
      TRUST_PROXY: '127.0.0.1',
      PUBLIC_URL: `https://${host}`,
      CORS_ORIGINS: pages.origin,
      TOKEN_TTL: String(life / 1000),
      LOGIN_FAILURES_MAX: '100'
    }
  })
  const ports = [await freePort(), await freePort()]
  let nodes = await Promise.all(ports.map(startNode))

  const pem = selfSigned(host)
  const proxy = await nginx({ cert: pem, key: pem, nodes: nodes.map(({ url }) => url) })
  t.teardown(proxy.close)
  const twilio = await startTwilio({ ...secrets, services: { sync: ['default'], conversations: [secrets.conversationsServiceSid], chat: [secrets.chatServiceSid] } })
  t.teardown(() => twilio.close())
  const browser = await launchChromium({ '*.twilio.com': twilio.port, [host]: Number(new URL(proxy.url).port) })
  t.teardown(() => browser.close())

  return {
    twilio,
    /** Where each node is, without the nginx. */
    urls: nodes.map(({ url }) => url),

    /** Other processes take the place of both brokers. */
    async restart () {
      await Promise.all(nodes.map(node => node.kill('SIGTERM')))
      nodes = await Promise.all(ports.map(startNode))
    },

    /** Resolves once both nodes know it. */
    async changePassword (name: string, password: string) {
      passwords.set(name, password)
      await writeUsers()
      const authorization = `Basic ${btoa(`${name}:${password}`)}`
      for (const { url } of nodes) await until(async () => (await ask(url, { as: authorization })).status === 200)
    },

    /** A browser with an empty profile and a user in front of it, and what its pages send. */
    async laptop (t: Test, username: string) {
      const laptop = await openLaptop(t, { browser, clock, twilio, origin: pages.origin, tokens: `https://${host}/token`, user: { username, password } })
      const sent: string[] = []
      laptop.context.on('request', request => {
        const url = new URL(request.url())
        if (url.hostname === host && request.method() !== 'OPTIONS') sent.push(`${request.method()} ${url.pathname} ${request.headers()['authorization']?.split(' ')[0]}`)
      })
      return { ...laptop, withPassword: () => sent.filter(line => line.endsWith(' Basic')) }
    }
  }
}
