import type { OperatorData } from '../monitoring/operator-data.js'

export type { OperatorData }
export type Slot = OperatorData['minutes'][number]
/** A line of the audit. */
export type Event = OperatorData['events'][number]

/** As many as the broker keeps. */
const MAX_EVENTS = 200

/** The times that can be shown. */
export const windows = {
  '15 minutes': { words: 'the last 15 minutes', of: 'minutes', running: 'minute', count: 15, seconds: 60 },
  '1 hour': { words: 'the last hour', of: 'minutes', running: 'minute', count: 60, seconds: 60 },
  '24 hours': { words: 'the last 24 hours', of: 'quarters', running: 'quarter', count: 96, seconds: 900 }
} as const

export type WindowName = keyof typeof windows

/** A stretch of time that ends now, cut into slots. The last slot still runs. */
export interface Span {
  /** The length of a slot. */
  seconds: number
  /** When each slot begins, in seconds since 1970. */
  starts: number[]
  /** The index of the first slot of which the broker knows anything. */
  first: number
  /** By index; undefined where nothing happened. */
  slots: Array<Slot | undefined>
}

export function spanOf (data: Pick<OperatorData, 'at' | 'node' | 'elapsed' | 'minutes' | 'quarters'>, name: WindowName): Span {
  const { of, running, count, seconds } = windows[name]
  const began = Date.parse(data.at) / 1000 - data.elapsed[running]
  const byAgo = new Map(data[of].map(slot => [slot.ago, slot]))
  const agos = Array.from({ length: count }, (_, i) => count - 1 - i)
  const starts = agos.map(ago => Math.round(began - ago * seconds))
  const since = Date.parse(data.node.since) / 1000
  return { seconds, starts, first: starts.findIndex(start => start + seconds > since), slots: agos.map(ago => byAgo.get(ago)) }
}

/** Values of a chart: for each name one value for each slot, and null where there is none. */
export interface Series {
  names: string[]
  values: Array<Array<number | null>>
}

/**
 * Counts by name, the most frequent first. Slots in which nothing happened are 0, those before the start are null.
 * @param pick what is drawn of a slot
 */
export function countsOf ({ slots, first }: Span, pick: (slot: Slot) => Record<string, number>): Series {
  const sums: Record<string, number> = {}
  for (const slot of slots) if (slot !== undefined) addTo(sums, pick(slot))
  const names = Object.keys(sums).sort().sort((one, other) => sums[other]! - sums[one]!)
  return { names, values: names.map(name => slots.map((slot, i) => i < first ? null : (slot && pick(slot)[name]) ?? 0)) }
}

function addTo (sums: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}

/** The bars of one name: where each begins and ends. */
export interface Bars {
  from: number[]
  to: Array<number | null>
}

/**
 * Bars of which none hides another, as each begins where the one of the name before it ends.
 * @param sum whether they end at the sum of the values, or at the value: then no value may be below the one before it
 */
export function barsOf ({ values }: Series, sum: boolean): Bars[] {
  let tops: Bars['from'] = []
  return values.map(column => {
    const from = column.map((_, i) => tops[i] ?? 0)
    const to = column.map((value, i) => value === null ? null : value + (sum ? from[i]! : 0))
    tops = to.map(top => top ?? 0)
    return { from, to }
  })
}

/** Login times in milliseconds. Slots without a login have none. */
export function loginTimesOf ({ slots }: Span): Series {
  const pick: Record<string, (logins: Slot['logins']) => number> = { mean: ({ meanMs }) => meanMs, slowest: ({ slowestMs }) => slowestMs }
  const timed = slots.map(slot => slot === undefined || slot.logins.count === 0 ? undefined : slot.logins)
  const names = timed.some(logins => logins !== undefined) ? Object.keys(pick) : []
  return { names, values: names.map(name => timed.map(logins => logins === undefined ? null : pick[name]!(logins))) }
}

export interface Row {
  name: string
  value: number | null
  sum: number
  most: number
}

/** A chart as a table: for each name its value in one slot, and its sum and its highest value in the whole time. */
export function rowsOf ({ names, values }: Series, index: number): Row[] {
  return names.map((name, i) => {
    const known = values[i]!.filter(value => value !== null)
    return { name, value: values[i]![index]!, sum: known.reduce((sum, value) => sum + value, 0), most: Math.max(0, ...known) }
  })
}

/** As rowsOf, the largest first. Of several, the first row is of all together, and has no name. */
export function rowsWithSum (series: Series, index: number): Row[] {
  const rows = rowsOf(series, index).sort((one, other) => other.sum - one.sum)
  if (rows.length < 2) return rows
  const add = (pick: (row: Row) => number | null) => rows.reduce((sum, row) => sum + Number(pick(row)), 0)
  // Before the start nothing is known of any of them.
  const value = rows[0]!.value === null ? null : add(({ value }) => value)
  return [{ name: '', value, sum: add(({ sum }) => sum), most: 0 }, ...rows]
}

/** How often each code was answered, the most frequent first. */
export function codesOf ({ slots }: Pick<Span, 'slots'>): Array<[code: string, count: number]> {
  const sums: Record<string, number> = {}
  for (const slot of slots) addTo(sums, slot?.codes ?? {})
  return Object.entries(sums).sort(([, one], [, other]) => other - one)
}

/** What is known of a node: its last answer, when it came by the page's clock, and the events of all its answers. */
export interface NodeState {
  data: OperatorData
  /** Milliseconds. */
  receivedAt: number
  events: Event[]
}

/** By the node's id, in the order of their first answers. Behind one address there may be several. */
export type Nodes = ReadonlyMap<string, NodeState>

/** A node that has not answered for so long, while others did, is forgotten. After a restart it has another id. */
const FORGET_MS = 60_000

/** Adds an answer to what is known. */
export function withAnswer (nodes: Nodes, data: OperatorData, receivedAt: number): Nodes {
  const known = nodes.get(data.node.id)?.events ?? []
  const newer = data.events.filter(({ n }) => n > lastOf(known))
  // The same array where nothing is new: the list is then not rendered again.
  const events = newer.length === 0 ? known : [...known, ...newer].slice(-MAX_EVENTS)
  const all = new Map([...nodes, [data.node.id, { data, receivedAt, events }]])
  return new Map([...all].filter(([, node]) => receivedAt - node.receivedAt < FORGET_MS))
}

/** The number of the last event that is known. 0 with several nodes: it is not known which one will answer. */
export function askAfter (nodes: Nodes): number {
  const [only, another] = nodes.values()
  return only === undefined || another !== undefined ? 0 : lastOf(only.events)
}

function lastOf (known: Event[]): number {
  return known.at(-1)?.n ?? 0
}
