import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SignIn } from '../callers/login.js'
import { version } from '../lib/version.js'
import { Problem } from '../problems.js'
import { registerGauges, type Gauges } from './gauges.js'

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
 * Creates the metrics of a broker, in a registry of their own, so that two brokers in one process share none. Labels are taken from the
 * broker's own tables (products, codes, routes), never from requests, so that clients cannot create new ones.
 */
export function createMetrics () {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'token_broker_build_info', help: '1, with the versions of the broker and of Node', labelNames: ['version', 'node'], registers }).set({ version: version(), node: process.version }, 1)

  const tokens = new Counter({ name: 'token_broker_tokens_total', help: 'Tokens issued, by product and by how the caller signed in; a token for several products counts for each', labelNames: ['product', 'via'], registers })
  const sessionsOpened = new Counter({ name: 'token_broker_sessions_opened_total', help: 'Sessions opened', registers })
  const refusals = new Counter({ name: 'token_broker_refusals_total', help: 'Requests refused, by code', labelNames: ['code'], registers })
  const requests = new Histogram({ name: 'token_broker_request_seconds', help: 'Time from a request to its answer, by route', labelNames: ['route'], buckets: BUCKETS_SECONDS, registers })
  const logins = new Histogram({ name: 'token_broker_login_seconds', help: 'Time of logins that the cache did not answer, by outcome', labelNames: ['outcome'], buckets: BUCKETS_SECONDS, registers })
  const reloads = new Counter({ name: 'token_broker_reloads_total', help: 'Reloads of changed files, by kind of file and outcome', labelNames: ['what', 'outcome'], registers })
  const clockSteps = new Counter({ name: 'token_broker_clock_steps_total', help: 'How often the clock of the machine was set while the broker ran', registers })

  /** Functions that read the gauges, by name. */
  const gauges = new Map<string, () => number>()
  const lastReloads: Partial<Record<Reloaded, { taken: boolean, at: string }>> = {}

  return {
    registry,
    lastReloads: lastReloads as Readonly<typeof lastReloads>,
    /** The current values of the gauges. */
    now: () => Object.fromEntries([...gauges].map(([name, read]) => [name, read()])),

    watch (sources: Gauges): void {
      for (const [name, read] of registerGauges(registry, sources)) gauges.set(name, read)
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
    timed: (signIn: SignIn, onEnd: (seconds: number) => void) => timedSignIn(signIn, logins, onEnd)
  }
}

function timedSignIn (signIn: SignIn, logins: Histogram<'outcome'>, onEnd: (seconds: number) => void): SignIn {
  return (name, password, login) => {
    const answer = signIn(name, password, login)
    if (answer instanceof Promise) {
      const end = logins.startTimer()
      answer.then(
        () => onEnd(end({ outcome: 'accepted' })),
        (error: unknown) => onEnd(end({ outcome: error instanceof Problem ? error.code : 'hung-up' })))
    }
    return answer
  }
}
