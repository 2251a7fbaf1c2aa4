import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SignIn } from '../callers/login.js'
import { version } from '../lib/version.js'
import { Problem } from '../problems.js'

/** The sources of the gauges, read when metrics are collected. */
export interface Gauges {
  /** Running and waiting hashes. */
  queue: { readonly running: number, readonly waiting: number }
  store: { readonly ready: boolean }
  /** The keys that bearer tokens are checked by. */
  provider: { readonly keys: { readonly upToDate: boolean } | undefined }
  counters: { readonly up: boolean }
  audit: { readonly ok: boolean, readonly pending: number, readonly dropped: number }
  lines: Record<'audit' | 'log' | 'origins', { readonly skipped: number }>
  usedProofs: { readonly forgotten: number }
  log?: { readonly dropped?: number } | undefined
}

/** A request that has ended. */
export interface EndedRequest {
  /** The route's path with names of parameters; undefined if there is no route. */
  route: string | undefined
  seconds: number
  /** The code of the answer, if it was a problem. */
  problemCode: string | null
  /** The products of the token, if one was issued. */
  grantedProducts: readonly string[] | null
  /** How the caller authenticated, if it did. */
  via: string | undefined
}

type Reloaded = 'settings' | 'users' | 'certificate'

export type Metrics = ReturnType<typeof createMetrics>

/** A cached login takes a millisecond, a first one tens of milliseconds, an outage up to a second. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Creates the metrics of a broker, in a registry of their own, so that two brokers in one process share none. Labels come from the broker's own tables
 * (products, codes, routes), never from requests, so that nobody can make them grow.
 */
export function createMetrics () {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'token_broker_build_info', help: '1, with the versions of the broker and of Node', labelNames: ['version', 'node'], registers }).set({ version: version(), node: process.version }, 1)

  const tokens = new Counter({ name: 'token_broker_tokens_total', help: 'Tokens given, by product and by how the caller signed in; one for several counts for each', labelNames: ['product', 'via'], registers })
  const sessionsOpened = new Counter({ name: 'token_broker_sessions_opened_total', help: 'Sessions opened', registers })
  const refusals = new Counter({ name: 'token_broker_refusals_total', help: 'Requests refused, by the code of the answer', labelNames: ['code'], registers })
  const requests = new Histogram({ name: 'token_broker_request_seconds', help: 'From a request to its answer, by route', labelNames: ['route'], buckets: BUCKETS_SECONDS, registers })
  const logins = new Histogram({ name: 'token_broker_login_seconds', help: 'Logins that were not remembered, by outcome', labelNames: ['outcome'], buckets: BUCKETS_SECONDS, registers })
  const reloads = new Counter({ name: 'token_broker_reloads_total', help: 'Changed files, by what they are and whether they were taken', labelNames: ['what', 'outcome'], registers })
  const clockSteps = new Counter({ name: 'token_broker_clock_steps_total', help: 'Times that the machine\'s clock was set while the broker ran', registers })

  /** Functions that read the gauges, by name. */
  const gauges = new Map<string, () => number>()
  const lastReloads: Partial<Record<Reloaded, { taken: boolean, at: string }>> = {}

  return {
    registry,
    lastReloads: lastReloads as Readonly<typeof lastReloads>,
    /** The current values of the gauges. */
    now: () => Object.fromEntries([...gauges].map(([name, read]) => [name, read()])),

    watch ({ queue, store, provider, counters, audit, lines, usedProofs, log }: Gauges): void {
      for (const [name, help, read] of [
        ['hashes_running', 'Password hashes that run now', () => queue.running],
        ['hashes_waiting', 'Password hashes that wait', () => queue.waiting],
        ['store_up', '1 while callers can sign in, 0 while their store is away', () => Number(store.ready)],
        ['keys_up', '1 while the keys of the identity provider can be fetched, 0 since that failed', () => Number(provider.keys?.upToDate ?? true)],
        ['limits_shared', '1 while limits are counted where they should be, 0 while Redis is away', () => Number(counters.up)],
        ['audit_up', '1 while the audit can be written, 0 since it could not', () => Number(audit.ok)],
        ['audit_owed', 'Refusals whose lines wait until the audit can be written again', () => audit.pending]
      ] as const) {
        gauges.set(name, read)
        registry.registerMetric(new Gauge({ name: `token_broker_${name}`, help, registers: [], collect () { this.set(read()) } }))
      }
      for (const [name, help, read] of [
        ['audit_lost', 'Refusals of which there is no line, as too many were owed', () => audit.dropped],
        ['audit_skipped', 'Refusals of which there is no line, as their address had too many before its password was looked at', () => lines.audit.skipped],
        ['log_skipped', 'Requests of which there is no line in the log, as their address had too many without a right password', () => lines.log.skipped],
        ['origins_skipped', 'Requests of pages whose origin is refused and of which there is no line in the log, as there were too many', () => lines.origins.skipped],
        ['proofs_forgotten', 'Proofs of sessions that were forgotten, as there were too many, while they could still have been used again', () => usedProofs.forgotten],
        ['log_dropped', 'Lines of the log that were dropped, as its reader stalled', () => log?.dropped ?? 0]
      ] as const) {
        registry.registerMetric(new Counter({
          name: `token_broker_${name}_total`,
          help,
          registers: [],
          collect () {
            this.reset()
            this.inc(read())
          }
        }))
      }
    },

    reloaded (what: Reloaded, taken: boolean): void {
      reloads.inc({ what, outcome: taken ? 'taken' : 'refused' })
      lastReloads[what] = { taken, at: new Date().toISOString() }
    },
    clockStepped: () => clockSteps.inc(),
    sessionOpened: () => sessionsOpened.inc(),

    /** Counts a request that has ended. */
    count ({ route = 'none', seconds, problemCode, grantedProducts, via = 'none' }: EndedRequest): void {
      requests.observe({ route }, seconds)
      if (problemCode !== null) refusals.inc({ code: problemCode })
      for (const product of grantedProducts ?? []) tokens.inc({ product, via })
    },

    /**
     * Wraps a sign-in and measures it if it has to wait.
     * @param onEnd called with the time, in seconds
     */
    timed: (signIn: SignIn, onEnd: (seconds: number) => void): SignIn => (name, password, login) => {
      const answer = signIn(name, password, login)
      if (answer instanceof Promise) {
        const end = logins.startTimer()
        answer.then(() => onEnd(end({ outcome: 'accepted' })), (error: unknown) => onEnd(end({ outcome: error instanceof Problem ? error.code : 'hung-up' })))
      }
      return answer
    }
  }
}
