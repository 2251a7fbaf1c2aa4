type Counts = Record<string, number>

export interface Minute {
  /** How many minutes before the current one. */
  ago: number
  tokens: Counts
  refusals: Counts
  codes: Counts
  logins: { count: number, meanMs: number, slowestMs: number }
}

/** A line of the audit. */
export interface Event {
  /** Counts all of them since the broker's start. */
  n: number
  time: string
  event: 'token.issued' | 'token.refused' | 'session.opened' | 'session.ended'
  ip: string
  caller?: string
  identity?: string
  products?: string[]
  code?: string
  grants?: Record<string, object>
  via?: string
  sessionId?: string
  wouldRefuse?: string
}

/** The broker's `operator.json`. */
export interface OperatorData {
  at: string
  readiness: { missing: string[], degraded: string[] }
  gauges: Counts
  minutes: Minute[]
  reloads: Record<string, { taken: boolean, at: string }>
  settings: Record<string, boolean>
  lastEvent: number
  events: Event[]
}

const MINUTES = 60
/** As many as the broker keeps. */
const MAX_EVENTS = 200

/** Points of a chart: a first column of times in seconds since 1970, then one column for each name. */
export interface Series {
  names: string[]
  columns: number[][]
}

/** The last hour, minute by minute. @param pick what is drawn of a minute, by name */
export function seriesOf ({ at, minutes }: Pick<OperatorData, 'at' | 'minutes'>, pick: (minute: Minute) => Counts): Series {
  const now = Math.floor(Date.parse(at) / 1000)
  const names = [...new Set(minutes.flatMap(minute => Object.keys(pick(minute))))].sort()
  const byAgo = new Map(minutes.map(minute => [minute.ago, pick(minute)]))
  const agos = Array.from({ length: MINUTES }, (_, i) => MINUTES - 1 - i)
  return {
    names,
    columns: [agos.map(ago => now - ago * 60), ...names.map(name => agos.map(ago => byAgo.get(ago)?.[name] ?? 0))]
  }
}

/** The values of a chart as a table, for those who cannot see it: for each name the last minute and the hour. */
export function sumsOf ({ names, columns }: Series): Array<{ name: string, last: number, sum: number, most: number }> {
  return names.map((name, i) => {
    const values = columns[i + 1]!
    return { name, last: values.at(-1)!, sum: values.reduce((sum, value) => sum + value, 0), most: Math.max(...values) }
  })
}

/** How often each code was answered in the last hour, the most frequent first. */
export function codesOf (minutes: Minute[]): Array<[code: string, count: number]> {
  const sums: Counts = {}
  for (const { codes } of minutes) for (const [code, count] of Object.entries(codes)) sums[code] = (sums[code] ?? 0) + count
  return Object.entries(sums).sort(([, one], [, other]) => other - one)
}

/** Adds new events to the known ones. Keeps as many as the broker does, and none from before its restart. */
export function merged (known: Event[], { events, lastEvent }: Pick<OperatorData, 'events' | 'lastEvent'>): Event[] {
  const hasRestarted = lastOf(known) > lastEvent
  return [...hasRestarted ? [] : known, ...events].slice(-MAX_EVENTS)
}

/** The number of the last event that is known. */
export function lastOf (known: Event[]): number {
  return known.at(-1)?.n ?? 0
}

export interface Filter {
  event: '' | Event['event']
  product: string
  /** In any of caller, identity, address and code. */
  text: string
}

/** Returns the events that match a filter, newest first. */
export function matching (events: Event[], { event, product, text }: Filter): Event[] {
  const wanted = text.trim().toLowerCase()
  return events.filter(one =>
    (event === '' || one.event === event) &&
    (product === '' || one.products?.includes(product)) &&
    [one.caller, one.identity, one.ip, one.code].some(value => (value ?? '').toLowerCase().includes(wanted))
  ).reverse()
}
