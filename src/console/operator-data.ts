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
export interface Told {
  at: string
  readiness: { missing: string[], degraded: string[] }
  gauges: Counts
  minutes: Minute[]
  reloads: Record<string, { taken: boolean, at: string }>
  settings: Record<string, boolean>
  lastEvent: number
  events: Event[]
}

const hour = 60
/** As many as the broker itself keeps. */
const lastEvents = 200

/** Points of a chart: the first column are the times, in seconds since 1970, then one column for each name. */
export interface Series {
  names: string[]
  columns: number[][]
}

/** The last hour, minute by minute. @param pick what is drawn of a minute, by name */
export function seriesOf ({ at, minutes }: Pick<Told, 'at' | 'minutes'>, pick: (minute: Minute) => Counts): Series {
  const now = Math.floor(Date.parse(at) / 1000)
  const names = [...new Set(minutes.flatMap(minute => Object.keys(pick(minute))))].sort()
  const byAgo = new Map(minutes.map(minute => [minute.ago, pick(minute)]))
  const agos = Array.from({ length: hour }, (_, i) => hour - 1 - i)
  return {
    names,
    columns: [agos.map(ago => now - ago * 60), ...names.map(name => agos.map(ago => byAgo.get(ago)?.[name] ?? 0))]
  }
}

/** What a chart shows, for those who do not see it: of each name the last minute's value and the hour's. */
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

/** The events that are known, with those that came: as many as the broker keeps, and none of before it was started anew. */
export function merged (known: Event[], { events, lastEvent }: Pick<Told, 'events' | 'lastEvent'>): Event[] {
  const startedAnew = lastOf(known) > lastEvent
  return [...startedAnew ? [] : known, ...events].slice(-lastEvents)
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

/** The newest first. */
export function matching (events: Event[], { event, product, text }: Filter): Event[] {
  const wanted = text.trim().toLowerCase()
  return events.filter(one =>
    (event === '' || one.event === event) &&
    (product === '' || one.products?.includes(product)) &&
    [one.caller, one.identity, one.ip, one.code].some(value => (value ?? '').toLowerCase().includes(wanted))
  ).reverse()
}
