import { Counter, Gauge, type Registry } from 'prom-client'

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

/** Gauges: name, help, and the current value. */
const GAUGES: Array<[name: string, help: string, read: (sources: Gauges) => number]> = [
  ['hashes_running', 'Password hashes that are running', ({ queue }) => queue.running],
  ['hashes_waiting', 'Password hashes that are waiting', ({ queue }) => queue.waiting],
  ['store_up', '1 while callers can sign in, 0 while their store is unavailable', ({ store }) => Number(store.ready)],
  ['keys_up', '1 while the keys of the identity provider can be fetched, 0 after that failed', ({ provider }) => Number(provider.keys?.upToDate ?? true)],
  ['limits_shared', '1 while limits are counted where they should be, 0 while Redis is unavailable', ({ counters }) => Number(counters.up)],
  ['audit_up', '1 while the audit can be written, 0 after that failed', ({ audit }) => Number(audit.ok)],
  ['audit_owed', 'Refusals whose audit lines are pending, because the audit cannot be written', ({ audit }) => audit.pending]
]

/** Counters that other parts of the broker keep: name, help, and the current value. */
const TOTALS: typeof GAUGES = [
  ['audit_lost', 'Refusals without an audit line, because too many were pending', ({ audit }) => audit.dropped],
  ['audit_skipped', 'Refusals without an audit line, because their address had too many before its password was checked', ({ lines }) => lines.audit.skipped],
  ['log_skipped', 'Requests without a log line, because their address had too many without a right password', ({ lines }) => lines.log.skipped],
  ['origins_skipped', 'Requests from pages with a refused origin that have no log line, because there were too many', ({ lines }) => lines.origins.skipped],
  ['proofs_forgotten', 'Proofs of sessions that were forgotten because there were too many, while they could still have been reused', ({ usedProofs }) => usedProofs.forgotten],
  ['log_dropped', 'Log lines that were dropped because their reader stalled', ({ log }) => log?.dropped ?? 0]
]

/** @returns functions that read the current value of each gauge, by its short name */
export function registerGauges (registry: Registry, sources: Gauges): Map<string, () => number> {
  for (const [name, help, read] of GAUGES) {
    registry.registerMetric(new Gauge({ name: `token_broker_${name}`, help, registers: [], collect () { this.set(read(sources)) } }))
  }
  for (const [name, help, read] of TOTALS) {
    registry.registerMetric(new Counter({
      name: `token_broker_${name}_total`,
      help,
      registers: [],
      collect () {
        this.reset()
        this.inc(read(sources))
      }
    }))
  }
  return new Map(GAUGES.map(([name, , read]) => [name, () => read(sources)]))
}
