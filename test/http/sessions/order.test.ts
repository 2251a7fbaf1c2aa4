import t from 'tap'
import { cheapHash, type Broker } from '../../helpers/broker.js'
import { setClock, signedIn, type Page, type PageAsk } from '../../helpers/page.js'
import { started } from './nodes.js'

interface Attempt {
  broker: Broker
  page: Page
  /** What the next request has wrong. */
  wrong: { as?: string, claims: Record<string, unknown>, headers?: Record<string, string>, signature?: () => Buffer }
}

interface Step {
  what: string
  /** Makes one thing more wrong than before. */
  spoil (attempt: Attempt): unknown
  status: number
  code: string
  /** Whether the audit may name the caller. */
  named: boolean
}

/** The last check first. */
const steps: Step[] = [
  { what: 'a policy that allows nothing', spoil () {}, status: 403, code: 'not-allowed', named: true },
  { what: 'a caller beyond its limit', spoil: ({ page }) => page.ask(), status: 429, code: 'caller-limited', named: true },
  { what: 'a proof that was used', spoil: ({ wrong }) => { wrong.claims.jti = 'used' }, status: 401, code: 'proof-replayed', named: true },
  {
    what: 'a caller who is gone',
    async spoil ({ broker }) {
      await broker.write('users.htpasswd', `bob:${await cheapHash('secret123')}\n`)
      await broker.reload()
    },
    status: 401,
    code: 'session-ended',
    named: true
  },
  { what: 'a wrong signature', spoil: ({ wrong }) => { wrong.signature = () => Buffer.alloc(64, 1) }, status: 401, code: 'proof-wrong', named: true },
  { what: 'an iat that is off', spoil: ({ wrong }) => { wrong.claims.iat = 1 }, status: 401, code: 'proof-stale', named: true },
  { what: 'a nonce that is made up', spoil: ({ wrong }) => { wrong.claims.nonce = 'x' }, status: 401, code: 'proof-stale', named: true },
  { what: 'the ath of another session', spoil: ({ wrong }) => { wrong.claims.ath = 'x' }, status: 401, code: 'proof-wrong', named: true },
  { what: 'a session past its end', spoil: () => setClock(t, 43_200), status: 401, code: 'session-ended', named: true },
  { what: 'a forged session', spoil: ({ wrong, page }) => { wrong.as = `DPoP ${page.session}AAAA` }, status: 401, code: 'session-ended', named: false },
  { what: 'an address beyond its limit', spoil: ({ page }) => Promise.all(Array.from({ length: 20 }, () => page.ask())), status: 429, code: 'rate-limited', named: false },
  { what: 'a page of another origin', spoil: ({ wrong }) => { wrong.headers = { Origin: 'https://evil.test' } }, status: 403, code: 'origin-refused', named: false }
]

t.test('S48: of all that is wrong with a request by session, what is cheap to check is checked first', async t => {
  const broker = await started(t, {
    settings: { POLICY_FILE: 'policy.yaml', CALLER_LIMIT_MAX: '3', RATE_LIMIT_MAX: '20' },
    files: { 'policy.yaml': 'rules: [{ who: [bob], allow: { video: {} } }]' }
  })
  const page = await signedIn(broker.url)
  const attempt: Attempt = { broker, page, wrong: { claims: {} } }
  await page.ask({ parts: { claims: { jti: 'used' } } })
  for (const { what, spoil, status, code, named } of steps) {
    await spoil(attempt)
    const { as, claims, headers, signature } = attempt.wrong
    const request: PageAsk = { ...(as !== undefined && { as }), ...(headers && { headers }), parts: { claims, ...(signature && { signature }) } }
    t.has(await page.ask(request), { status, body: { code } }, what)
    const { code: audited, caller, sessionId } = (await broker.audit()).at(-1)!
    t.same([audited, caller === 'susan', sessionId !== undefined], [code, named, named], `${what}, in the audit`)
  }
})
